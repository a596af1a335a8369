#include "http/negotiation.hpp"

#include <algorithm>
#include <array>

#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

constexpr int coding_count = 3;

// weight = OWS ";" OWS "q=" qvalue (RFC 9110 12.4.2), in thousandths; nothing if malformed. No parameter is
// 1000.
std::optional<int> parse_weight(std::string_view parameters) {
  if (parameters.empty()) return 1000;
  if (parameters.size() < 3 || lower(parameters[0]) != 'q' || parameters[1] != '=') return std::nullopt;
  const std::string_view value = parameters.substr(2);
  if (value.size() > 5 || (value[0] != '0' && value[0] != '1')) return std::nullopt;
  if (value.size() > 1 && value[1] != '.') return std::nullopt;
  int weight = value[0] == '1' ? 1000 : 0;
  int place = 100;
  for (const char c : value.substr(std::min<std::size_t>(2, value.size()))) {
    if (c < '0' || c > '9') return std::nullopt;
    weight += (c - '0') * place;
    place /= 10;
  }
  return weight <= 1000 ? std::optional(weight) : std::nullopt;
}

std::optional<Coding> coding_named(std::string_view name) {
  if (equal_ignoring_case(name, "zstd")) return Coding::zstd;
  // "x-gzip" is equivalent to "gzip" (RFC 9110 8.4.1.3).
  if (equal_ignoring_case(name, "gzip") || equal_ignoring_case(name, "x-gzip")) return Coding::gzip;
  if (equal_ignoring_case(name, "identity")) return Coding::identity;
  return std::nullopt;
}

// What the client said: a weight in thousandths per coding, and one for all codings not named.
struct Weights {
  std::array<std::optional<int>, coding_count> named;
  std::optional<int> others;

  // 0 is "not acceptable". Identity that nobody mentions is acceptable, below everything that is wanted.
  int of(Coding coding) const {
    const std::optional<int> own = named[static_cast<std::size_t>(coding)];
    return own.value_or(others.value_or(coding == Coding::identity ? 1 : 0));
  }
};

Weights parse_weights(std::string_view field) {
  Weights weights;
  while (!field.empty()) {
    std::string_view member = take_until(field, ',');
    const std::string_view name = take_until(member, ';');
    const std::optional<int> weight = parse_weight(trim(member));
    if (!weight) continue;
    if (name == "*") {
      if (!weights.others) weights.others = weight;
    } else if (const std::optional<Coding> coding = coding_named(name)) {
      std::optional<int>& slot = weights.named[static_cast<std::size_t>(*coding)];
      if (!slot) slot = weight;
    }
  }
  return weights;
}

}  // namespace

std::string_view token(Coding coding) {
  switch (coding) {
    case Coding::gzip:
      return "gzip";
    case Coding::zstd:
      return "zstd";
    case Coding::identity:
      break;
  }
  return "identity";
}

std::optional<Coding> negotiate(std::optional<std::string_view> accept_encoding,
                                std::span<const Coding> available) {
  if (!accept_encoding) {
    const auto identity = std::ranges::find(available, Coding::identity);
    return identity == available.end() ? std::nullopt : std::optional(*identity);
  }
  const Weights weights = parse_weights(*accept_encoding);
  std::optional<Coding> best;
  int best_rank = 0;
  for (const Coding coding : available) {
    // Twice the weight, and one more for a coding that saves bytes, so that identity loses a tie.
    const int weight = weights.of(coding);
    const int rank = weight == 0 ? 0 : 2 * weight + (coding == Coding::identity ? 0 : 1);
    if (rank > best_rank) {
      best = coding;
      best_rank = rank;
    }
  }
  return best;
}

}  // namespace wheelbarrow::http
