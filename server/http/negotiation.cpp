#include "http/negotiation.hpp"

#include <algorithm>
#include <array>

#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

constexpr int coding_count = 5;

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

// The weight among the parameters of a media range. Parameters after q are of no use to anyone (RFC
// 9110 12.5.1).
std::optional<int> weight_among(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = take_until(parameters, ';');
    if (parameter.size() >= 2 && lower(parameter[0]) == 'q' && parameter[1] == '=') {
      return parse_weight(parameter);
    }
  }
  return parse_weight({});
}

// How specifically a media range without its parameters means the type; nothing if it doesn't.
std::optional<int> specificity_of(std::string_view range, std::string_view media_type) {
  if (equal_ignoring_case(range, media_type)) return 2;
  if (range == "*/*") return 0;
  const std::size_t slash = media_type.find('/') + 1;
  const bool whole_type = range.size() == slash + 1 && range.back() == '*' &&
                          equal_ignoring_case(range.substr(0, slash), media_type.substr(0, slash));
  return whole_type ? std::optional(1) : std::nullopt;
}

std::optional<Coding> coding_named(std::string_view name) {
  if (equal_ignoring_case(name, "zstd")) return Coding::zstd;
  // "x-gzip" is equivalent to "gzip" (RFC 9110 8.4.1.3).
  if (equal_ignoring_case(name, "gzip") || equal_ignoring_case(name, "x-gzip")) return Coding::gzip;
  if (equal_ignoring_case(name, "identity")) return Coding::identity;
  if (equal_ignoring_case(name, "br")) return Coding::br;
  if (equal_ignoring_case(name, "dcz")) return Coding::dcz;
  return std::nullopt;
}

// What the client said: a weight in thousandths per coding, and one for all codings not named.
struct Weights {
  std::array<std::optional<int>, coding_count> named;
  std::optional<int> others;

  // 0 is "not acceptable". Identity that nobody mentions is acceptable, below everything that is wanted.
  int of(Coding coding) const {
    const std::optional<int> own = named[static_cast<std::size_t>(coding)];
    if (coding == Coding::dcz) return own.value_or(0);
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
    case Coding::br:
      return "br";
    case Coding::dcz:
      return "dcz";
    case Coding::identity:
      break;
  }
  return "identity";
}

bool accepts(std::optional<std::string_view> accept_encoding, Coding coding) {
  return accept_encoding && parse_weights(*accept_encoding).of(coding) > 0;
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

Acceptance acceptance(std::optional<std::string_view> accept, std::string_view media_type) {
  std::string_view rest = trim(accept.value_or(std::string_view{}));
  if (rest.empty()) rest = "*/*";
  Acceptance found;
  while (!rest.empty()) {
    std::string_view member = take_until(rest, ',');
    const std::optional<int> specificity = specificity_of(take_until(member, ';'), media_type);
    const std::optional<int> weight = weight_among(member);
    if (!specificity || !weight || *specificity < found.specificity) continue;
    const int rival = *specificity == found.specificity ? found.weight : 0;
    found = {std::max(*weight, rival), *specificity};
  }
  return found;
}

}  // namespace wheelbarrow::http
