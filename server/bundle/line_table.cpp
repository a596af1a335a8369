#include "bundle/line_table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace wheelbarrow::bundle {
namespace {

constexpr unsigned first_byte = 0x80;  // of an entry; no other byte has that bit
constexpr unsigned longest = 8;        // code units that an entry covers

// An entry's form, in its first byte.
constexpr unsigned one_line = 10;  // to 12: the line is 0 to 2 further, and two bytes of columns follow
constexpr unsigned no_columns = 13;
constexpr unsigned all = 14;  // lines and columns, each a number of its own
constexpr unsigned no_location = 15;

// Six bits to a byte, the lowest first; all but the last have a mark.
constexpr unsigned more = 0x40;
constexpr unsigned digit_bits = 6;

class Reader {
 public:
  explicit Reader(std::string_view table) : table_(table) {}

  bool done() const { return at_ == table_.size(); }
  std::optional<unsigned> byte() {
    if (done()) return std::nullopt;
    return static_cast<unsigned char>(table_[at_++]);
  }
  bool skip(std::size_t bytes) {
    if (bytes > table_.size() - at_) return false;
    at_ += bytes;
    return true;
  }
  std::optional<std::uint32_t> number() {
    std::uint32_t number = 0;
    for (unsigned shift = 0; shift <= 4 * digit_bits; shift += digit_bits) {
      const auto digit = byte();
      if (!digit || (*digit & first_byte) != 0) return std::nullopt;
      number |= (*digit & (more - 1)) << shift;
      if ((*digit & more) == 0) return number;
    }
    return std::nullopt;  // a line beyond 2^29
  }

 private:
  std::string_view table_;
  std::size_t at_ = 0;
};

// Instructions of one line. The step to it from the last line is the number as it is written, the lowest bit
// its sign; there is none for what has no line.
struct Run {
  std::size_t units = 0;
  std::optional<std::uint32_t> step;
};

std::optional<Run> read_entry(Reader& reader) {
  const auto first = reader.byte();
  if (!first || (*first & first_byte) == 0) return std::nullopt;
  Run run{.units = (*first & 7U) + 1, .step = 0};
  const unsigned form = *first >> 3 & 15U;
  bool good = true;
  if (form == no_location) {
    run.step.reset();
  } else if (form == no_columns || form == all) {
    run.step = reader.number();
    good = run.step.has_value();
    for (int i = 0; form == all && good && i < 3; ++i) {
      good = reader.number().has_value();  // the last line, the first column, the last
    }
  } else if (form >= one_line) {
    run.step = (form - one_line) << 1;
    good = reader.skip(2);
  } else {
    good = reader.skip(1);
  }
  return good ? std::optional(run) : std::nullopt;
}

void put_run(std::string& out, Run run) {
  for (; run.units > 0; run.units -= std::min<std::size_t>(run.units, longest)) {
    const unsigned form = run.step ? no_columns : no_location;
    const auto units = static_cast<unsigned>(std::min<std::size_t>(run.units, longest));
    out += static_cast<char>(first_byte | form << 3 | (units - 1));
    if (!run.step) continue;
    for (; *run.step >= more; *run.step >>= digit_bits) {
      out += static_cast<char>(more | (*run.step & (more - 1)));
    }
    out += static_cast<char>(*run.step);
    run.step = 0;
  }
}

}  // namespace

std::optional<std::string> without_columns(std::string_view table) {
  Reader reader(table);
  std::string lines;
  Run run;
  while (!reader.done()) {
    const auto next = read_entry(reader);
    if (!next) return std::nullopt;
    const bool same_line = next->step ? run.step && *next->step == 0 : !run.step;
    if (same_line) {
      run.units += next->units;
    } else {
      put_run(lines, run);
      run = *next;
    }
  }
  put_run(lines, run);
  return lines;
}

}  // namespace wheelbarrow::bundle
