#include "packaging/version.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "packaging/clause_parser.hpp"
#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

using Number = std::uint64_t;
using LocalSegment = std::variant<Number, std::string>;

bool is_local_separator(char c) {
  return c == '-' || c == '_' || c == '.';
}

// Digits of any length are well-formed by PEP 440; ours must fit 64 bits.
std::optional<Number> to_number(std::string_view digits) {
  Number value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// Reads the parts of a version as appendix B of PEP 440 spells them. Each function either takes its part or
// leaves the position alone. One look ahead is enough: a separator after a letter part belongs to that part,
// with or without a number behind it ("1.0a-" is 1.0a0), and no later part begins with a bare digit.
class VersionReader {
 public:
  explicit VersionReader(Scanner& scanner) : scanner_(scanner) {}

  // Where the first number above 64 bits stands; it is read as 0.
  const std::optional<std::size_t>& too_large() const { return too_large_; }

  std::optional<Number> number() {
    const std::size_t start = scanner_.position();
    const std::string_view digits = scanner_.take_while(is_digit);
    if (digits.empty()) return std::nullopt;
    return bounded(digits, start);
  }

  // "-1", the implicit post-release.
  std::optional<Number> implicit_post() {
    if (!number_follows('-')) return std::nullopt;
    scanner_.advance(1);
    return number();
  }

  // [separator] label [separator] [number]; the labels are tried in order, so longer ones stand first.
  template <std::size_t count>
  std::optional<std::pair<std::size_t, Number>> labelled(const std::array<std::string_view, count>& labels) {
    const Scanner before = scanner_;
    accept_separator();
    for (std::size_t i = 0; i < count; ++i) {
      if (!scanner_.accept_ignoring_case(labels[i])) continue;
      accept_separator();
      return std::pair(i, number().value_or(0));
    }
    scanner_ = before;
    return std::nullopt;
  }

  bool at_release_segment() const { return number_follows('.'); }

  std::optional<LocalSegment> local_segment() {
    const std::size_t start = scanner_.position();
    const std::string_view text = scanner_.take_while(is_alphanumeric);
    if (text.empty()) return std::nullopt;
    if (!std::ranges::all_of(text, is_digit)) return lower_case(text);
    return bounded(text, start);
  }

  // A separator of the local part, if a segment follows.
  bool accept_local_separator() {
    const std::string_view rest = scanner_.rest();
    return rest.size() >= 2 && is_alphanumeric(rest[1]) && accept_separator();
  }

 private:
  bool accept_separator() {
    if (!is_local_separator(scanner_.peek())) return false;
    scanner_.advance(1);
    return true;
  }

  bool number_follows(char separator) const {
    const std::string_view rest = scanner_.rest();
    return rest.size() >= 2 && rest[0] == separator && is_digit(rest[1]);
  }

  Number bounded(std::string_view digits, std::size_t position) {
    const auto value = to_number(digits);
    if (!value && !too_large_) too_large_ = position;
    return value.value_or(0);
  }

  Scanner& scanner_;
  std::optional<std::size_t> too_large_;
};

constexpr std::array<std::string_view, 8> pre_labels = {"alpha", "beta", "preview", "pre",
                                                        "rc",    "a",    "b",       "c"};
constexpr std::array pre_kinds = {Version::Pre::a,  Version::Pre::b, Version::Pre::rc, Version::Pre::rc,
                                  Version::Pre::rc, Version::Pre::a, Version::Pre::b,  Version::Pre::rc};
constexpr std::array<std::string_view, 3> post_labels = {"post", "rev", "r"};
constexpr std::array<std::string_view, 1> dev_labels = {"dev"};

std::string_view pre_spelling(Version::Pre pre) {
  switch (pre) {
    case Version::Pre::a:
      return "a";
    case Version::Pre::b:
      return "b";
    case Version::Pre::rc:
      break;
  }
  return "rc";
}

std::strong_ordering compare_releases(const std::vector<Number>& a, const std::vector<Number>& b) {
  const std::size_t length = std::max(a.size(), b.size());
  for (std::size_t i = 0; i < length; ++i) {
    const Number left = i < a.size() ? a[i] : 0;
    const Number right = i < b.size() ? b[i] : 0;
    if (left != right) return left <=> right;
  }
  return std::strong_ordering::equal;
}

// Where a version stands among those of its release: a development release of the release itself is before
// every pre-release, and a version without a pre-release part is after them.
std::pair<int, Number> pre_key(const Version& version) {
  if (version.pre()) return {static_cast<int>(version.pre()->first), version.pre()->second};
  if (!version.post() && version.dev()) return {-1, 0};
  return {3, 0};
}

// A segment of text is before every number; a prefix is before what it begins.
std::strong_ordering compare_locals(const std::vector<LocalSegment>& a, const std::vector<LocalSegment>& b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a[i].index() != b[i].index()) return b[i].index() <=> a[i].index();
    if (const auto order = a[i] <=> b[i]; order != 0) return order;
  }
  return a.size() <=> b.size();
}

}  // namespace

Result<Version> parse_version(Scanner& scanner, std::string_view what) {
  const std::size_t start = scanner.position();
  VersionReader reader(scanner);
  Version version;
  scanner.accept_ignoring_case("v");
  auto first = reader.number();
  if (!first) return scanner.expected_at(what, start);
  if (scanner.accept("!")) {
    version.epoch_ = *first;
    first = reader.number();
    if (!first) return scanner.expected("a release number after the epoch");
  }
  version.release_.push_back(*first);
  while (reader.at_release_segment()) {
    scanner.advance(1);
    version.release_.push_back(reader.number().value_or(0));
  }
  if (const auto pre = reader.labelled(pre_labels)) version.pre_ = {pre_kinds.at(pre->first), pre->second};
  if (const auto implicit = reader.implicit_post()) {
    version.post_ = implicit;
  } else if (const auto post = reader.labelled(post_labels)) {
    version.post_ = post->second;
  }
  if (const auto dev = reader.labelled(dev_labels)) version.dev_ = dev->second;
  if (scanner.accept("+")) {
    do {
      auto segment = reader.local_segment();
      if (!segment) return scanner.expected("a letter or digit of the local part");
      version.local_.push_back(*std::move(segment));
    } while (reader.accept_local_separator());
  }
  if (reader.too_large()) return scanner.expected_at("a number of at most 64 bits", *reader.too_large());
  return version;
}

Result<Version> Version::parse(std::string_view text) {
  Scanner scanner(text);
  scanner.skip_space();
  auto version = parse_version(scanner, "a version such as 1.0");
  scanner.skip_space();
  if (version && !scanner.at_end()) return scanner.expected(end_of_version);
  return version;
}

std::string Version::base_version() const {
  std::string text;
  if (epoch_ != 0) text = std::to_string(epoch_) + "!";
  for (std::size_t i = 0; i < release_.size(); ++i) {
    if (i > 0) text += '.';
    text += std::to_string(release_[i]);
  }
  return text;
}

std::string Version::public_version() const {
  std::string text = base_version();
  if (pre_) {
    text += pre_spelling(pre_->first);
    text += std::to_string(pre_->second);
  }
  if (post_) text += ".post" + std::to_string(*post_);
  if (dev_) text += ".dev" + std::to_string(*dev_);
  return text;
}

std::string Version::str() const {
  std::string text = public_version();
  for (std::size_t i = 0; i < local_.size(); ++i) {
    text += i == 0 ? '+' : '.';
    if (const auto* number = std::get_if<Number>(&local_[i])) {
      text += std::to_string(*number);
    } else {
      text += std::get<std::string>(local_[i]);
    }
  }
  return text;
}

std::strong_ordering Version::compare_public(const Version& other) const {
  if (epoch_ != other.epoch_) return epoch_ <=> other.epoch_;
  if (const auto order = compare_releases(release_, other.release_); order != 0) return order;
  if (const auto order = pre_key(*this) <=> pre_key(other); order != 0) return order;
  // No post-release is before all of them, no development release is after all of them.
  if (post_.has_value() != other.post_.has_value()) return post_.has_value() <=> other.post_.has_value();
  if (post_ && *post_ != *other.post_) return *post_ <=> *other.post_;
  if (dev_.has_value() != other.dev_.has_value()) return other.dev_.has_value() <=> dev_.has_value();
  if (dev_ && *dev_ != *other.dev_) return *dev_ <=> *other.dev_;
  return std::strong_ordering::equal;
}

std::strong_ordering Version::compare_base(const Version& other) const {
  if (epoch_ != other.epoch_) return epoch_ <=> other.epoch_;
  return compare_releases(release_, other.release_);
}

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  if (const auto order = a.compare_public(b); order != 0) return order;
  return compare_locals(a.local_, b.local_);
}

}  // namespace wheelbarrow::packaging
