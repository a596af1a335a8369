#include "resolver/universe.hpp"

#include <algorithm>

#include "base/sha256.hpp"

namespace wheelbarrow::resolver::test {
namespace {

std::string name_of(int project) {
  return std::string(1, static_cast<char>('a' + project));
}

}  // namespace

Universe::Universe(std::uint32_t seed, Variety variety) : random_(seed), variety_(variety) {
  for (int project = 0; project < variety_.projects; ++project) add_project(project);
  ask();
}

const std::string& Universe::one_of(const std::vector<std::string>& texts) {
  return texts[static_cast<std::size_t>(pick(0, static_cast<int>(texts.size()) - 1))];
}

void Universe::add_project(int project) {
  for (const char* version : {"1", "2", "3a1", "3a2"}) {
    const bool is_prerelease = version[0] == '3';
    if (is_prerelease && !variety_.prereleases) version = version[2] == '1' ? "3" : "4";
    if (!chance(is_prerelease ? 45 : 75)) continue;
    add_wheel(project, version, "py3-none-any.whl");
    if (!variety_.several_wheels) continue;
    if (chance(20)) add_wheel(project, version, "7-py3-none-any.whl");
    if (chance(20)) add_wheel(project, version, "cp313-none-any.whl");
    if (chance(5)) add_wheel(project, version, "cp312-cp312-any.whl");
  }
}

void Universe::add_wheel(int project, const std::string& version, const std::string& rest_of_filename) {
  const std::string filename = name_of(project) + "-" + version + "-" + rest_of_filename;
  const std::string lines = metadata();
  builder_.add(filename, lines);
  description_ += filename;
  if (variety_.yanked && chance(15)) {
    builder_.yank("broken");
    description_ += " (yanked)";
  }
  description_ += "\n" + lines;
  if (variety_.hashes && chance(90)) hashes_[name_of(project)].insert(sha256(filename).hex());
}

void Universe::ask() {
  const auto add = [&](std::vector<packaging::Requirement>& to, const std::string& text, const char* prefix) {
    to.push_back(requirements_of({text}).front());
    description_ += prefix + text + "\n";
  };
  for (int i = pick(1, variety_.most_asked); i > 0; --i) {
    const std::string marker = chance(10) ? "; sys_platform == 'win32'" : "";
    add(set_.requirements, requirement(pick(0, variety_.projects - 1)) + marker, "ask ");
  }
  for (int i = chance(40) ? pick(1, 2) : 0; i > 0; --i) {
    const std::string marker = chance(10) ? "; sys_platform == 'win32'" : "";
    add(set_.constraints, name_of(pick(0, variety_.projects - 1)) + clause() + marker, "constraint ");
  }
  if (!variety_.hashes || chance(75)) hashes_.clear();
  for (const auto& [project, hashes] : hashes_) {
    set_.hashes.push_back({project, std::nullopt, hashes});
    description_ += "hashes for " + std::to_string(hashes.size()) + " wheels of " + project + "\n";
  }
}

std::string Universe::clause() {
  static const std::vector<std::string> clauses = {"",    "",    "",      ">1",    "<2",   "==2", "==1",
                                                   "!=2", ">=2", "~=1.0", "==1.*", "===2", ">=3", "!=1"};
  static const std::vector<std::string> with_prereleases = {">=3a1", "==3a1", "<3a2", "!=3a1", "===3a2"};
  static const std::vector<std::string> tight_clauses = {"",   "!=1", "!=2", "!=3", "!=4",
                                                         "<3", ">1",  ">2",  "<4",  "==2"};
  if (variety_.tight) return one_of(tight_clauses);
  return variety_.prereleases && chance(12) ? one_of(with_prereleases) : one_of(clauses);
}

std::string Universe::requirement(int project) {
  const std::string extra = chance(25) ? (chance(50) ? "[x]" : "[x,y]") : "";
  return name_of(project) + extra + clause();
}

std::string Universe::metadata() {
  static const std::vector<std::string> markers = {"; extra == 'x'",
                                                   "; extra == 'y'",
                                                   "; sys_platform == 'emscripten'",
                                                   "; sys_platform == 'win32'",
                                                   "; sys_platform == 'emscripten' and extra == 'x'",
                                                   "; sys_platform == 'win32' or extra == 'y'"};
  std::string lines = chance(8) ? "Requires-Python: <3\n" : "";
  if (chance(50)) lines += "Provides-Extra: x\n";
  for (int i = pick(0, 3); i > 0; --i) {
    lines += "Requires-Dist: " + requirement(pick(0, variety_.projects - (chance(5) ? 0 : 1)));
    if (chance(35)) lines += one_of(markers);
    lines += "\n";
  }
  return lines;
}

packaging::RequirementSet Universe::shuffled() {
  packaging::RequirementSet other = set_;
  other.requirements.push_back(other.requirements.front());
  std::ranges::shuffle(other.requirements, random_);
  std::ranges::shuffle(other.constraints, random_);
  return other;
}

}  // namespace wheelbarrow::resolver::test
