// Answers the questions of differential_test.py: one a line on standard input, one answer a line on standard
// output. A line is fields between tabs, with "\\", "\t", "\n" and "\r" written as escapes; a question's
// first field says what is asked. What is refused is answered with "no" and the message.
#include <algorithm>
#include <iostream>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packaging/metadata.hpp"
#include "packaging/name.hpp"
#include "packaging/requirement.hpp"
#include "packaging/target.hpp"
#include "packaging/wheel_filename.hpp"

namespace wheelbarrow::packaging {
namespace {

using Fields = std::vector<std::string>;
using Environments = std::vector<MarkerEnvironment>;

std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    const char c = text[++i];
    result += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
  }
  return result;
}

std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\t':
        result += "\\t";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\\':
        result += '\\';
        [[fallthrough]];
      default:
        result += c;
    }
  }
  return result;
}

Fields split(std::string_view line) {
  Fields fields;
  for (;;) {
    const std::size_t tab = line.find('\t');
    fields.push_back(unescape(line.substr(0, tab)));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

std::string join(const Fields& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) line += '\t';
    line += escape(field);
  }
  return line;
}

Fields refused(const Error& error) {
  return {"no", error.text()};
}

Fields answer_version(const Fields& question, Environments&) {
  const auto version = Version::parse(question.at(1));
  if (!version) return refused(version.error());
  return {"ok", version->str(), version->public_version(), version->base_version(),
          version->is_prerelease() ? "pre" : "final"};
}

// The places of the versions in ascending order; equal ones stay in the order given.
Fields answer_sort(const Fields& question, Environments&) {
  std::vector<Version> versions;
  for (const std::string& text : std::span(question).subspan(1)) {
    auto version = Version::parse(text);
    if (!version) return refused(version.error());
    versions.push_back(*std::move(version));
  }
  std::vector<std::size_t> order(versions.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return versions[i]; });
  Fields answer = {"ok"};
  for (const std::size_t i : order) answer.push_back(std::to_string(i));
  return answer;
}

// A set, and the versions to try: a '1' for each that it contains.
Fields answer_set(const Fields& question, Environments&) {
  const auto set = SpecifierSet::parse(question.at(1));
  if (!set) return refused(set.error());
  std::string contained;
  for (const std::string& text : std::span(question).subspan(2)) {
    const auto version = Version::parse(text);
    if (!version) return refused(version.error());
    contained += set->contains(*version) ? '1' : '0';
  }
  return {"ok", set->str(), set->names_prerelease() ? "pre" : "final", contained};
}

// The values of an environment, by the names of the variables in alphabetical order.
Fields add_environment(const Fields& question, Environments& environments) {
  environments.push_back({.implementation_name = question.at(1),
                          .implementation_version = question.at(2),
                          .os_name = question.at(3),
                          .platform_machine = question.at(4),
                          .platform_python_implementation = question.at(5),
                          .platform_release = question.at(6),
                          .platform_system = question.at(7),
                          .platform_version = question.at(8),
                          .python_full_version = question.at(9),
                          .python_version = question.at(10),
                          .sys_platform = question.at(11)});
  return {"ok"};
}

// A marker and an extra: a '1' for each environment in which it holds.
Fields answer_marker(const Fields& question, Environments& environments) {
  const auto marker = Marker::parse(question.at(1));
  if (!marker) return refused(marker.error());
  std::string holds;
  for (const MarkerEnvironment& environment : environments) {
    holds += marker->evaluate(environment, question.at(2)) ? '1' : '0';
  }
  return {"ok", marker->str(), holds};
}

Fields answer_requirement(const Fields& question, Environments&) {
  const auto requirement = Requirement::parse(question.at(1));
  if (!requirement) return refused(requirement.error());
  Fields answer = {"ok",
                   requirement->name,
                   {},
                   requirement->specifier.str(),
                   requirement->url,
                   requirement->marker ? requirement->marker->str() : ""};
  for (const std::string& extra : requirement->extras) answer[2] += (answer[2].empty() ? "" : ",") + extra;
  return answer;
}

Fields answer_name(const Fields& question, Environments&) {
  if (!is_valid_name(question.at(1))) return {"no"};
  return {"ok", canonicalize_name(question.at(1))};
}

// As a set.
void append_sorted(Fields& answer, const std::vector<Tag>& tags) {
  std::set<std::string> texts;
  for (const Tag& tag : tags) texts.insert(tag.str());
  answer.insert(answer.end(), texts.begin(), texts.end());
}

Fields answer_tag(const Fields& question, Environments&) {
  const auto tags = parse_tag(question.at(1));
  if (!tags) return refused(tags.error());
  Fields answer = {"ok"};
  append_sorted(answer, *tags);
  return answer;
}

Fields answer_wheel(const Fields& question, Environments&) {
  const auto wheel = parse_wheel_filename(question.at(1));
  if (!wheel) return refused(wheel.error());
  Fields answer = {"ok", wheel->name, wheel->version.str(),
                   wheel->build ? std::to_string(wheel->build->first) + ":" + wheel->build->second : ""};
  append_sorted(answer, wheel->tags);
  return answer;
}

// A Python version and its platforms: the tags it takes, best first.
Fields answer_target(const Fields& question, Environments&) {
  const auto target =
      Target::make("target", question.at(1), std::vector(question.begin() + 2, question.end()));
  if (!target) return refused(target.error());
  Fields answer = {"ok"};
  for (const Tag& tag : target->tags()) answer.push_back(tag.str());
  return answer;
}

Fields answer_fields(const Fields& question, Environments&) {
  const auto fields = parse_header_fields(question.at(1));
  if (!fields) return refused(fields.error());
  Fields answer = {"ok"};
  for (const auto& [name, value] : *fields) {
    answer.push_back(name);
    answer.push_back(value);
  }
  return answer;
}

const std::map<std::string, Fields (*)(const Fields&, Environments&)> answers = {
    {"environment", add_environment},
    {"fields", answer_fields},
    {"marker", answer_marker},
    {"name", answer_name},
    {"requirement", answer_requirement},
    {"set", answer_set},
    {"sort", answer_sort},
    {"tag", answer_tag},
    {"target", answer_target},
    {"version", answer_version},
    {"wheel", answer_wheel},
};

}  // namespace
}  // namespace wheelbarrow::packaging

int main() {
  using namespace wheelbarrow::packaging;
  std::ios::sync_with_stdio(false);
  Environments environments;
  for (std::string line; std::getline(std::cin, line);) {
    const Fields question = split(line);
    const auto found = answers.find(question.front());
    if (found == answers.end()) {
      std::cerr << "unknown question: " << line << "\n";
      return 2;
    }
    std::cout << join(found->second(question, environments)) << "\n";
  }
  return 0;
}
