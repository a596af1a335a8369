// Validators and preconditions (RFC 9110 8.8, 13) and HTTP dates (5.6.7).
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace wheelbarrow::http {

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_date(std::time_t time);
// All three formats of RFC 9110 5.6.7; nothing for anything else.
std::optional<std::time_t> parse_date(std::string_view text);

struct Validators {
  std::string etag;                          // with its quotes, strong; empty if there is none
  std::optional<std::time_t> last_modified;  // absent where no date exists
};

enum class Precondition { proceed, not_modified, failed };

// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC
// 9110 13.2.2 for GET and HEAD. If-Match compares strongly, If-None-Match weakly; a date that can't be parsed
// is ignored.
Precondition evaluate_preconditions(const Fields& request, const Validators& validators);

// Whether a Range field may be applied: true without If-Range, or when it matches (RFC 9110 13.1.5: strongly,
// or an exact date).
bool if_range_matches(const Fields& request, const Validators& validators);

}  // namespace wheelbarrow::http
