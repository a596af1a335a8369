#include "routes/question.hpp"

#include <utility>

#include "http/url.hpp"
#include "routes/await.hpp"
#include "routes/requirement_list.hpp"

namespace wheelbarrow::routes {
namespace {

using Clock = std::chrono::steady_clock;

// Names a question on its catalog. Fields end in a byte that they can't contain; hashed, because clients
// choose how long they are.
std::string key_of(const Question& question) {
  std::string key = question.catalog->id().hex();
  key += question.target->name() + '\n' + question.target->python().str() + '\n';
  key += std::string(bundle::name_of(question.format)) + '\n';
  for (const std::string& text : question.requirements) {
    key += text + '\0';
  }
  return sha256(key).hex();
}

Result<ResolutionPtr> resolve_now(const Question& question) {
  auto requirements = parse_requirement_list(question.requirements);
  if (!requirements) return std::unexpected(requirements.error());
  if (requirements->empty()) {
    return fail(ErrorKind::invalid_input,
                "no requirement was given; add one or more r=, e.g. ?r=numpy&r=lxml>=5");
  }
  auto lock = resolver::resolve(*question.catalog, *question.target, {std::move(*requirements), {}, {}});
  if (!lock) return std::unexpected(lock.error());
  auto planned = bundle::plan(*lock, *question.target, question.format);
  return std::make_shared<const Resolution>(
      Resolution{std::move(*lock), std::move(planned), question.catalog});
}

}  // namespace

Result<Question> Questions::parse(std::string_view query, CatalogPtr catalog, Targets& targets,
                                  TargetPtr fallback) {
  auto pairs = http::parse_query(query);
  if (!pairs) return std::unexpected(pairs.error());
  Question question{std::move(catalog), {}, std::move(fallback), bundle::Format::site};
  for (auto& [name, value] : *pairs) {
    if (name == "r") {
      question.requirements.push_back(std::move(value));
    } else if (name == "target") {
      if (value.empty()) continue;  // a form's "default" choice
      auto target = targets.find(*question.catalog, value);
      if (!target) return std::unexpected(target.error());
      question.target = std::move(*target);
    } else if (name == "format") {
      if (value == name_of(bundle::Format::wheels)) {
        question.format = bundle::Format::wheels;
      } else if (value != name_of(bundle::Format::site)) {
        return fail(ErrorKind::invalid_input,
                    "the format '" + value + "' is not known; it is site or wheels");
      }
    } else {
      return fail(ErrorKind::invalid_input,
                  "the parameter '" + name + "' is not known; there are r, target and format");
    }
  }
  if (!question.target) question.target = targets.standard(*question.catalog);
  return question;
}

boost::asio::awaitable<Result<ResolutionPtr>> Questions::resolve(const Question& question) {
  const std::string key = key_of(question);
  if (auto known = resolutions_.get(key)) co_return std::move(*known);
  co_return co_await await_result<ResolutionPtr>([&](bundle::Callback<ResolutionPtr> done) {
    if (!flights_.join(key, std::move(done))) return;
    engine_.run([this, key, question] {
      const auto resolution = resolve_now(question);
      resolutions_.put(key, resolution);
      flights_.land(key, resolution);
    });
  });
}

boost::asio::awaitable<Result<bundle::BundlePtr>> Questions::bundle(const Question& question,
                                                                    Timing& timing) {
  const std::string key = key_of(question);
  if (auto known = bundles_.get(key)) co_return std::move(*known);
  const auto begin = Clock::now();
  const auto resolution = co_await resolve(question);
  const auto resolved = Clock::now();
  timing.resolve = resolved - begin;
  if (!resolution) co_return std::unexpected(resolution.error());
  auto bundle = co_await await_result<bundle::BundlePtr>([&](bundle::Callback<bundle::BundlePtr> done) {
    engine_.bundle((*resolution)->planned, (*resolution)->catalog, std::move(done));
  });
  timing.build = Clock::now() - resolved;
  if (bundle) bundles_.put(key, *bundle);
  co_return bundle;
}

}  // namespace wheelbarrow::routes
