#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string>

#include "http/conditional.hpp"

namespace wheelbarrow::http {
namespace {

constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Reads a date piece by piece; the first piece that isn't there makes all later ones fail too.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : rest_(text) {}

  void literal(std::string_view text) {
    if (rest_.starts_with(text)) {
      rest_.remove_prefix(text.size());
    } else {
      failed_ = true;
    }
  }

  int number(std::size_t digits) {
    int value = 0;
    if (rest_.size() < digits) {
      failed_ = true;
      return 0;
    }
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') failed_ = true;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  // The index of the word that comes next.
  unsigned word(std::span<const std::string_view> words) {
    for (unsigned i = 0; i < words.size(); ++i) {
      if (rest_.starts_with(words[i])) {
        rest_.remove_prefix(words[i].size());
        return i;
      }
    }
    failed_ = true;
    return 0;
  }

  std::chrono::seconds time_of_day() {
    const int hour = number(2);
    literal(":");
    const int minute = number(2);
    literal(":");
    const int second = number(2);
    // A leap second is 60 (RFC 9110 5.6.7's grammar follows RFC 5322).
    if (hour > 23 || minute > 59 || second > 60) failed_ = true;
    return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  }

  bool at(char c) const { return rest_.starts_with(c); }
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<std::time_t> assemble(const DateReader& reader, int year, unsigned month, int day,
                                    std::chrono::seconds time_of_day) {
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(month + 1),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!reader.done() || !date.ok()) return std::nullopt;
  // Not through the clock's own time points: of nanoseconds, they end in 2262.
  return (std::chrono::sys_days(date) + time_of_day).time_since_epoch().count();
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<std::time_t> parse_imf_fixdate(std::string_view text) {
  DateReader reader(text);
  reader.word(days);
  reader.literal(", ");
  const int day = reader.number(2);
  reader.literal(" ");
  const unsigned month = reader.word(months);
  reader.literal(" ");
  const int year = reader.number(4);
  reader.literal(" ");
  const auto time_of_day = reader.time_of_day();
  reader.literal(" GMT");
  return assemble(reader, year, month, day, time_of_day);
}

// A two-digit year that looks more than 50 years ahead is in the past (RFC 9110 5.6.7).
int full_year(int two_digits) {
  const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const int this_year = static_cast<int>(std::chrono::year_month_day(today).year());
  const int year = this_year - this_year % 100 + two_digits;
  return year > this_year + 50 ? year - 100 : year;
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<std::time_t> parse_rfc850(std::string_view text) {
  DateReader reader(text);
  reader.word(long_days);
  reader.literal(", ");
  const int day = reader.number(2);
  reader.literal("-");
  const unsigned month = reader.word(months);
  reader.literal("-");
  const int year = reader.number(2);
  reader.literal(" ");
  const auto time_of_day = reader.time_of_day();
  reader.literal(" GMT");
  return assemble(reader, full_year(year), month, day, time_of_day);
}

// "Sun Nov  6 08:49:37 1994"
std::optional<std::time_t> parse_asctime(std::string_view text) {
  DateReader reader(text);
  reader.word(days);
  reader.literal(" ");
  const unsigned month = reader.word(months);
  reader.literal(" ");
  int day = 0;
  if (reader.at(' ')) {
    reader.literal(" ");
    day = reader.number(1);
  } else {
    day = reader.number(2);
  }
  reader.literal(" ");
  const auto time_of_day = reader.time_of_day();
  reader.literal(" ");
  const int year = reader.number(4);
  return assemble(reader, year, month, day, time_of_day);
}

}  // namespace

std::string format_date(std::time_t time) {
  const std::chrono::sys_seconds instant{std::chrono::seconds(time)};
  const auto midnight = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(instant - midnight));
  // Two digits, or four for the year.
  const auto digits = [](auto number, int width = 2) {
    std::string result = std::to_string(number);
    result.insert(0, static_cast<std::size_t>(std::max(0, width - static_cast<int>(result.size()))), '0');
    return result;
  };
  std::string text(days[std::chrono::weekday(midnight).c_encoding()]);
  text.append(", ").append(digits(static_cast<unsigned>(date.day()))).append(" ");
  text.append(months[static_cast<unsigned>(date.month()) - 1]).append(" ");
  text.append(digits(static_cast<int>(date.year()), 4)).append(" ");
  text.append(digits(clock.hours().count())).append(":");
  text.append(digits(clock.minutes().count())).append(":");
  return text.append(digits(clock.seconds().count())).append(" GMT");
}

std::optional<std::time_t> parse_date(std::string_view text) {
  if (const auto time = parse_imf_fixdate(text)) return time;
  if (const auto time = parse_rfc850(text)) return time;
  return parse_asctime(text);
}

}  // namespace wheelbarrow::http
