#include "routes/admission.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

#include "http/problem.hpp"
#include "resolver/resolver.hpp"
#include "routes/requirement_list.hpp"

namespace wheelbarrow::routes {
namespace {

std::string key_of(const packaging::RequirementSet& set) {
  std::string key;
  for (const std::string& text : resolver::canonical_set(set)) {
    key += text + '\0';
  }
  return key;
}

}  // namespace

Result<AllowedSets> AllowedSets::read(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorKind::io, "the list of allowed sets can't be read", file.native());
  AllowedSets allowed;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    line.resize(std::min(line.find('#'), line.size()));
    auto set = parse_requirement_list({line});
    if (!set) {
      return fail(ErrorKind::invalid_input, set.error().text(),
                  file.native() + ", line " + std::to_string(number));
    }
    if (!set->requirements.empty()) allowed.sets_.insert(key_of(*set));
  }
  if (in.bad()) return fail(ErrorKind::io, "the list of allowed sets can't be read", file.native());
  return allowed;
}

bool AllowedSets::contains(const packaging::RequirementSet& set) const {
  return sets_.contains(key_of(set));
}

std::expected<ColdBuilds::Ticket, std::chrono::seconds> ColdBuilds::begin(const std::string& client,
                                                                          const std::string& key) {
  if (most_ == 0) return Ticket();
  const std::scoped_lock lock(mutex_);
  if (const auto running = running_.find(key); running != running_.end()) {
    ++running->second;
    return Ticket(*this, key);
  }
  const auto now = Allowance::Clock::now();
  Allowance allowance = allowances_.get(client).value_or(Allowance(most_, now));
  const bool taken = allowance.take(now);
  allowances_.put(client, allowance);
  if (!taken) return std::unexpected(std::chrono::seconds(std::lround(std::ceil(allowance.wait().count()))));
  running_.emplace(key, 1);
  return Ticket(*this, key);
}

void ColdBuilds::end(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const auto running = running_.find(key);
  if (--running->second == 0) running_.erase(running);
}

Result<std::unique_ptr<Admission>> Admission::make(AdmissionOptions options) {
  std::unique_ptr<Admission> admission(new Admission(std::move(options)));
  if (auto loaded = admission->reload(); !loaded) return std::unexpected(loaded.error());
  return admission;
}

Result<void> Admission::reload() {
  std::shared_ptr<const http::BearerToken> token;
  if (!options_.token.empty()) {
    auto read = http::BearerToken::read(options_.token);
    if (!read) return std::unexpected(read.error());
    token = std::make_shared<const http::BearerToken>(*read);
  }
  if (!options_.allowed_sets.empty()) {
    auto read = AllowedSets::read(options_.allowed_sets);
    if (!read) return std::unexpected(read.error());
    allowed_ = std::make_shared<const AllowedSets>(std::move(*read));
  }
  token_ = std::move(token);
  return {};
}

std::optional<http::Response> Admission::authorize(const http::Request& request) const {
  const auto token = token_.load();
  if (!token || token->is_shown(request)) return std::nullopt;
  return http::unauthorized(request);
}

std::expected<ColdBuilds::Ticket, http::Response> Admission::admit(const http::Request& request,
                                                                   const packaging::RequirementSet& asked,
                                                                   const std::optional<std::string>& key) {
  if (const auto allowed = allowed_.load(); allowed && !allowed->contains(asked)) {
    return std::unexpected(http::problem(
        403,
        "this server answers a list of requirement sets only, and this is none of them; ask its operator"));
  }
  if (!key) return ColdBuilds::Ticket();
  auto ticket = cold_builds_.begin(request.network, *key);
  if (ticket) return std::move(*ticket);
  http::Response response = http::problem(
      429,
      "too many sets that nobody has asked for yet were asked for from this address; wait, or ask for one "
      "that is known");
  response.fields.set("retry-after", std::to_string(ticket.error().count()));
  return std::unexpected(std::move(response));
}

}  // namespace wheelbarrow::routes
