#include "routes/question.hpp"

#include <algorithm>
#include <functional>
#include <ranges>
#include <tuple>
#include <utility>
#include <vector>

#include "http/url.hpp"
#include "routes/await.hpp"
#include "routes/requirement_list.hpp"

namespace wheelbarrow::routes {
namespace {

using Clock = std::chrono::steady_clock;

Result<bundle::Format> parse_format(const std::string& value) {
  for (const bundle::Format format : {bundle::Format::site, bundle::Format::wheels}) {
    if (value == bundle::name_of(format)) return format;
  }
  return fail(ErrorKind::invalid_input, "the format '" + value + "' is not known; it is site or wheels");
}

Result<Output> parse_output(const std::string& value) {
  if (value == "json") return Output::json;
  if (value == "pylock") return Output::pylock;
  return fail(ErrorKind::invalid_input, "the output '" + value + "' is not known; it is json or pylock");
}

Result<bool> parse_parts(const std::string& value) {
  if (value == "list") return true;
  return fail(ErrorKind::invalid_input, "the value '" + value + "' of parts is not known; it is list");
}

// As that of its plan, with what else clients choose the length of.
std::size_t weight_of(const Resolution& resolution) {
  const resolver::Lock& lock = resolution.lock;
  std::size_t weight = bundle::weight_of(resolution.planned) + bundle::weight_of(lock.constraints) +
                       bundle::weight_of(lock.warnings);
  for (const resolver::LockedWheel& wheel : lock.wheels) {
    weight += bundle::weight_of(wheel.extras);
  }
  return weight;
}

// Takes a parsed value, or gives the error.
template <class T>
Result<void> take(Result<T> parsed, T& into) {
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  into = std::move(*parsed);
  return {};
}

Result<void> take_bytecode(const std::string& value, std::optional<bundle::BytecodeMode>& into) {
  const auto mode = bundle::parse_bytecode_mode(value);
  if (!mode) return std::unexpected(mode.error());
  into = *mode;
  return {};
}

// What can't be asked of wheels as they are.
Result<void> check_format(const Question& question) {
  if (question.format != bundle::Format::wheels) return {};
  const bool compiled = question.bytecode.value_or(bundle::BytecodeMode::off) != bundle::BytecodeMode::off;
  if (question.strip.empty() && !compiled) return {};
  return fail(
      ErrorKind::invalid_input,
      "format=wheels has the wheels as they are; leave 'strip' and 'bytecode' out or ask for format=site");
}

}  // namespace

Result<Question> Questions::parse(std::string_view query, CatalogPtr catalog, Targets& targets,
                                  Parameters parameters) {
  auto pairs = http::parse_query(query);
  if (!pairs) return std::unexpected(pairs.error());
  Question question{.catalog = std::move(catalog), .asked = {}, .target = std::move(parameters.fallback)};
  std::vector<std::string> requirements;
  std::vector<std::string> constraints;
  for (auto& [name, value] : *pairs) {
    Result<void> taken;
    if (name == "r") {
      requirements.push_back(std::move(value));
    } else if (name == "c") {
      constraints.push_back(std::move(value));
    } else if (name == "target") {
      // A form's "default" choice is empty.
      if (!value.empty()) taken = take(targets.find(*question.catalog, value), question.target);
    } else if (name == "format") {
      taken = take(parse_format(value), question.format);
    } else if (name == "strip") {
      auto strip = bundle::StripSet::parse(value);
      if (strip) {
        question.strip.add(*strip);
      } else {
        taken = std::unexpected(strip.error());
      }
    } else if (name == "bytecode") {
      if (!value.empty()) taken = take_bytecode(value, question.bytecode);
    } else if (name == "output" && parameters.output) {
      taken = take(parse_output(value), question.output);
    } else if (name == "parts" && parameters.parts) {
      taken = take(parse_parts(value), question.list_parts);
    } else {
      taken = fail(ErrorKind::invalid_input, "the parameter '" + name + "' is not known; there are r, c, " +
                                                 (parameters.output ? "output, " : "") +
                                                 (parameters.parts ? "parts, " : "") +
                                                 "target, format, strip and bytecode");
    }
    if (!taken) return std::unexpected(taken.error());
  }
  if (auto checked = check_format(question); !checked) return std::unexpected(checked.error());
  auto asked = parse_requirement_list(requirements, constraints);
  if (!asked) return std::unexpected(asked.error());
  question.asked = std::move(*asked);
  if (!question.target) question.target = targets.standard(*question.catalog);
  return question;
}

Result<std::optional<bundle::BytecodeRecipe>> Questions::bytecode_for(const Question& question) const {
  const bundle::BytecodeMode mode = question.bytecode.value_or(default_bytecode_);
  if (mode == bundle::BytecodeMode::off || question.format != bundle::Format::site) return std::nullopt;
  auto recipe = engine_.compilers() != nullptr
                    ? engine_.compilers()->choose(mode, *question.target)
                    : fail(ErrorKind::unsatisfiable, "this server makes no bytecode; leave 'bytecode' out");
  if (recipe) return std::move(*recipe);
  if (!question.bytecode) return std::nullopt;
  return std::unexpected(recipe.error());
}

Questions::Answer<ResolutionPtr> Questions::resolve_now(const Question& question) const {
  if (question.asked.requirements.empty()) {
    return fail(ErrorKind::invalid_input,
                "no requirement was given; add one or more r=, e.g. ?r=numpy&r=lxml>=5");
  }
  auto bytecode = bytecode_for(question);
  if (!bytecode) return std::unexpected(bytecode.error());
  auto lock = resolver::resolve(*question.catalog, *question.target, question.asked);
  if (!lock) return std::unexpected(lock.error());
  if (auto checked = limits_.check(*lock); !checked) return std::unexpected(checked.error());
  auto planned = bundle::plan(*lock, *question.target, question.format, question.strip, std::move(*bytecode));
  return std::make_shared<const Resolution>(
      Resolution{std::move(*lock), std::move(planned), question.catalog});
}

// Fields end in a byte that they can't contain; hashed, because clients choose how long they are.
std::string Questions::set_of(const Question& question) {
  std::string key = question.target->name() + '\n' + question.target->python().str() + '\n';
  key += std::string(bundle::name_of(question.format)) + '\n' + question.strip.text() + '\n';
  key += std::string(question.bytecode ? bundle::name_of(*question.bytecode) : "") + '\n';
  for (const std::string& text : resolver::canonical_set(question.asked)) {
    key += text + '\0';
  }
  return sha256(key).hex();
}

bool Questions::is_known(const std::string& key, bool whole) {
  if (failures_.get(key)) return true;
  return whole ? bundles_.get(key).has_value() : resolutions_.get(key).has_value();
}

boost::asio::awaitable<Questions::Answer<ResolutionPtr>> Questions::resolve(const Question& question) {
  const std::string key = key_of(question);
  if (auto known = resolutions_.get(key)) co_return std::move(*known);
  if (const auto known = failures_.get(key)) co_return std::unexpected(**known);
  // Landed as a good result, whether it is a lock or the reason why there is none.
  using Landing = Answer<ResolutionPtr>;
  auto landed = co_await await_result<Landing>([&](bundle::Callback<Landing> done) {
    if (!flights_.join(key, std::move(done))) return;
    const auto accepted = engine_.run([this, key, question] {
      if (flights_.abandon(key)) return;
      const auto resolution = resolve_now(question);
      if (resolution) {
        resolutions_.put(key, *resolution, weight_of(**resolution));
      } else {
        failures_.put(key, std::make_shared<const resolver::Failure>(resolution.error()));
      }
      flights_.land(key, Result<Landing>(std::in_place, resolution));
    });
    if (!accepted) flights_.land(key, std::unexpected(accepted.error()));
  });
  if (!landed) co_return std::unexpected(landed.error());
  co_return std::move(*landed);
}

boost::asio::awaitable<Questions::Answer<bundle::BundlePtr>> Questions::bundle(const Question& question,
                                                                               Timing& timing) {
  const std::string set = set_of(question);
  const std::string key = question.catalog->id().hex() + set;
  if (auto known = bundles_.get(key)) {
    note(question, set, *known);
    co_return std::move(*known);
  }
  const auto begin = Clock::now();
  const auto resolution = co_await resolve(question);
  const auto resolved = Clock::now();
  timing.resolve = resolved - begin;
  if (!resolution) co_return std::unexpected(resolution.error());
  auto bundle = co_await await_result<bundle::BundlePtr>([&](bundle::Callback<bundle::BundlePtr> done) {
    engine_.bundle((*resolution)->planned, (*resolution)->catalog, std::move(done));
  });
  timing.build = Clock::now() - resolved;
  if (bundle) {
    bundles_.put(key, *bundle, weight_of((*bundle)->manifest));
    note(question, set, *bundle);
  }
  co_return bundle;
}

void Questions::note(const Question& question, const std::string& set, const bundle::BundlePtr& bundle) {
  auto asked = asked_.get(set);
  if (!asked) {
    asked = Asked{.question = question, .bundle = bundle->sha256};
    asked->question.catalog = nullptr;
  }
  const Sha256 before = std::exchange(asked->bundle, bundle->sha256);
  ++asked->times;
  asked_.put(set, std::move(*asked));
  // Who had the old one will come for the new one.
  if (before != bundle->sha256) std::ignore = engine_.delta(bundle, before, question.catalog);
}

void Questions::prepare(const CatalogPtr& catalog) {
  constexpr std::size_t most = 32;
  std::vector<Asked> asked = asked_.values();
  std::ranges::stable_sort(asked, std::ranges::greater(), &Asked::times);
  asked.resize(std::min(asked.size(), most));
  const auto preparation = std::make_shared<Preparation>();
  preparation->number = ++preparations_;
  for (Asked& each : std::views::reverse(asked)) {
    each.question.catalog = catalog;
    preparation->questions.push_back(std::move(each.question));
  }
  prepare_next(preparation);
}

void Questions::prepare_next(const std::shared_ptr<Preparation>& preparation) {
  if (preparation->questions.empty() || preparation->number != preparations_) return;
  const auto question = std::make_shared<const Question>(std::move(preparation->questions.back()));
  preparation->questions.pop_back();
  // Where too much waits already, the rest is left for who asks.
  std::ignore = engine_.run([this, preparation, question] {
    const auto resolution = resolve_now(*question);
    if (!resolution) return prepare_next(preparation);
    const std::string set = set_of(*question);
    const std::string key = question->catalog->id().hex() + set;
    resolutions_.put(key, *resolution, weight_of(**resolution));
    engine_.bundle((*resolution)->planned, question->catalog,
                   [this, preparation, question, set, key](const Result<bundle::BundlePtr>& bundle) {
                     if (bundle) {
                       bundles_.put(key, *bundle, weight_of((*bundle)->manifest));
                       note(*question, set, *bundle);
                     }
                     prepare_next(preparation);
                   });
  });
}

}  // namespace wheelbarrow::routes
