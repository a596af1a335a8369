#include "bundle/marshal.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/sha256.hpp"
#include "bundle/byte_reader.hpp"
#include "bundle/line_table.hpp"

namespace wheelbarrow::bundle {
namespace {

constexpr unsigned char flag_ref = 0x80;
constexpr std::size_t reference_size = 5;  // bytes: 'r' and the number
constexpr int deepest = 500;               // a function in a function is two; well within a thread's stack
constexpr std::size_t code_integers = 5;   // argument counts, stack size, flags
constexpr std::size_t code_parts = 10;     // and the first line's number before the last two
constexpr std::size_t first_line_place = 8;
constexpr std::size_t line_table_part = 8;

using Id = std::uint32_t;

// A value, equal ones once. Its text is all of it but the parts: for a leaf what is written, for a container
// its type and size, for code its integers.
struct Value {
  char type = 0;
  std::string text;
  std::vector<Id> parts;
  int height = 0;  // of the tree below it
};

Value make_value(char type, std::string text) {
  Value value;
  value.type = type;
  value.text = std::move(text);
  return value;
}

void put_number(std::string& out, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>(number >> shift & 0xff);
  }
}

bool is_interned(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string string_text(std::string_view content) {
  const bool ascii = std::ranges::all_of(content, [](char c) { return (c & 0x80) == 0; });
  std::string text;
  if (ascii && content.size() < 256) {
    text += is_interned(content) ? 'Z' : 'z';
    text += static_cast<char>(content.size());
  } else {
    text += !ascii ? 'u' : is_interned(content) ? 'A' : 'a';
    put_number(text, static_cast<std::uint32_t>(content.size()));
  }
  return text += content;
}

constexpr std::size_t bytes_head = 5;  // 's' and the size

Value bytes_value(std::string_view content) {
  std::string text = "s";
  put_number(text, static_cast<std::uint32_t>(content.size()));
  return make_value('s', text.append(content));
}

// Reads a stream into values.
class Reader {
 public:
  Reader(std::string_view input, Locations locations) : input_(input), locations_(locations) {}

  // Nothing if the stream isn't well formed.
  std::optional<Id> read_code() {
    const auto code = read(0);
    if (!code || input_.left() > 0 || values_[*code].type != 'c') return std::nullopt;
    return code;
  }
  std::vector<Value> take_values() { return std::move(values_); }
  bool is_too_deep() const { return too_deep_; }

 private:
  std::nullopt_t give_up() {
    too_deep_ = true;
    return std::nullopt;
  }
  std::optional<std::size_t> length(bool is_short) {
    if (!is_short) return input_.number();
    const auto one = input_.bytes(1);
    if (!one) return std::nullopt;
    return static_cast<unsigned char>(one->front());
  }

  // Code objects are never equal; everything else is what its text and parts are. Nothing where references
  // have piled up what would be too deep to walk.
  std::optional<Id> intern(Value value) {
    for (const Id part : value.parts) {
      value.height = std::max(value.height, values_[part].height + 1);
    }
    if (value.height > deepest) return give_up();
    const auto id = static_cast<Id>(values_.size());
    if (value.type != 'c') {
      std::string key = value.type + value.text;
      if (!value.parts.empty()) {
        key += '\0';
        for (const Id part : value.parts) {
          put_number(key, part);
        }
      }
      if (const auto [known, added] = known_.emplace(std::move(key), id); !added) return known->second;
    }
    values_.push_back(std::move(value));
    return id;
  }

  std::optional<Id> read(int depth) {
    const auto head = input_.bytes(1);
    if (depth > deepest) return give_up();
    if (!head) return std::nullopt;
    const auto byte = static_cast<unsigned char>(head->front());
    const char type = static_cast<char>(byte & ~flag_ref);
    if (type == 'r') return read_reference();
    std::optional<std::size_t> place;
    if ((byte & flag_ref) != 0) {
      place = references_.size();
      references_.emplace_back();  // a part can't refer to the whole it is in
    }
    auto id = is_container(type) ? read_container(type, depth) : read_leaf(type);
    if (id && place) references_[*place] = id;
    return id;
  }

  std::optional<Id> read_reference() {
    const auto place = input_.number();
    if (!place || *place >= references_.size()) return std::nullopt;
    return references_[*place];
  }

  static bool is_container(char type) {
    return type == '(' || type == ')' || type == '>' || type == ':' || type == 'c';
  }

  std::optional<Id> read_leaf(char type) {
    std::optional<std::string_view> content;
    switch (type) {
      case 'N':
      case 'T':
      case 'F':
      case '.':
        return intern(make_value(type, std::string(1, type)));
      case 'i':
        content = input_.bytes(4);
        break;
      case 'g':
        content = input_.bytes(8);
        break;
      case 'y':
        content = input_.bytes(16);
        break;
      case 'l':
        return read_long();
      case 's':
        return read_bytes();
      case 't':
      case 'u':
      case 'a':
      case 'A':
      case 'z':
      case 'Z':
        return read_string(type == 'z' || type == 'Z');
      default:
        return std::nullopt;
    }
    if (!content) return std::nullopt;
    return intern(make_value(type, type + std::string(*content)));
  }

  // A signed count of 15-bit digits.
  std::optional<Id> read_long() {
    const auto count = input_.number();
    if (!count) return std::nullopt;
    const std::int64_t digits = static_cast<std::int32_t>(*count);
    const auto content = input_.bytes(static_cast<std::size_t>(digits < 0 ? -digits : digits) * 2);
    if (!content) return std::nullopt;
    std::string text = "l";
    put_number(text, *count);
    return intern(make_value('l', text.append(*content)));
  }

  std::optional<Id> read_bytes() {
    const auto size = input_.number();
    const auto content = size ? input_.bytes(*size) : std::nullopt;
    if (!content) return std::nullopt;
    return intern(bytes_value(*content));
  }

  std::optional<Id> read_string(bool is_short) {
    const auto size = length(is_short);
    const auto content = size ? input_.bytes(*size) : std::nullopt;
    if (!content) return std::nullopt;
    return intern(make_value('u', string_text(*content)));
  }

  std::optional<Id> read_container(char type, int depth) {
    if (type == 'c') return read_code_object(depth);
    Value value = make_value(type == ')' ? '(' : type, {});
    const auto count = type == ':' ? std::optional<std::size_t>(3) : length(type == ')');
    if (!count || *count > input_.left()) return std::nullopt;  // a part is a byte at least
    value.parts.reserve(*count);
    for (std::size_t i = 0; i < *count; ++i) {
      const auto part = read(depth + 1);
      if (!part) return std::nullopt;
      value.parts.push_back(*part);
    }
    if (type == '>') sort_by_value(value.parts);
    if (type == ':') {
      value.text = ":";
    } else if (type != '>' && *count < 256) {
      value.text = {')', static_cast<char>(*count)};
    } else {
      value.text = type == '>' ? ">" : "(";
      put_number(value.text, static_cast<std::uint32_t>(*count));
    }
    return intern(std::move(value));
  }

  // Python/marshal.c, w_complex_object, "PyCode_Check": code, consts, names, localsplusnames,
  // localspluskinds, filename, name, qualname, first line, linetable, exceptiontable.
  std::optional<Id> read_code_object(int depth) {
    static constexpr std::array<char, code_parts> types{'s', '(', '(', '(', 's', 'u', 'u', 'u', 's', 's'};
    const auto integers = input_.bytes(code_integers * 4);
    if (!integers) return std::nullopt;
    Value value = make_value('c', 'c' + std::string(*integers));
    for (std::size_t i = 0; i < code_parts; ++i) {
      if (i == first_line_place) {
        const auto line = input_.bytes(4);
        if (!line) return std::nullopt;
        value.text += *line;
      }
      auto part = read(depth + 1);
      if (!part || values_[*part].type != types[i]) return std::nullopt;
      if (i == line_table_part && locations_ == Locations::lines) {
        part = keep_lines(*part);
        if (!part) return std::nullopt;
      }
      value.parts.push_back(*part);
    }
    return intern(std::move(value));
  }

  std::optional<Id> keep_lines(Id table) {
    const auto lines = without_columns(std::string_view(values_[table].text).substr(bytes_head));
    if (!lines) return std::nullopt;
    return intern(bytes_value(*lines));
  }

  void sort_by_value(std::vector<Id>& parts) {
    std::ranges::sort(parts, {}, [&](Id part) { return digest(part).bytes; });
  }

  const Sha256& digest(Id id) {
    if (const auto known = digests_.find(id); known != digests_.end()) return known->second;
    std::string text = values_[id].type + values_[id].text;
    for (const Id part : values_[id].parts) {
      text += digest(part).hex();
    }
    return digests_.emplace(id, sha256(text)).first->second;
  }

  ByteReader input_;
  Locations locations_;
  std::vector<Value> values_;
  std::unordered_map<std::string, Id> known_;
  std::unordered_map<Id, Sha256> digests_;  // of what has stood in a frozenset
  std::vector<std::optional<Id>> references_;
  bool too_deep_ = false;
};

// Writes values, each that is worth a reference once.
class Writer {
 public:
  explicit Writer(std::span<const Value> values) : values_(values), places_(values.size()) {}

  std::string write(Id code) {
    count(code);
    put(code);
    return std::move(out_);
  }

 private:
  struct Place {
    bool repeated = false;
    bool seen = false;
    std::optional<std::uint32_t> number;  // of the reference, once written
  };

  bool is_worth_a_reference(Id id) const {
    return !values_[id].parts.empty() || values_[id].text.size() > reference_size;
  }

  void count(Id id) {
    Place& place = places_[id];
    if (place.seen && is_worth_a_reference(id)) {
      place.repeated = true;
      return;
    }
    place.seen = true;
    std::ranges::for_each(values_[id].parts, [&](Id part) { count(part); });
  }

  void put(Id id) {
    Place& place = places_[id];
    if (place.number) {
      out_ += 'r';
      put_number(out_, *place.number);
      return;
    }
    const Value& value = values_[id];
    const std::size_t begin = out_.size();
    if (place.repeated) place.number = next_++;
    if (value.type != 'c') {
      out_ += value.text;
      std::ranges::for_each(value.parts, [&](Id part) { put(part); });
    } else {
      const std::size_t line = value.text.size() - 4;
      out_.append(value.text, 0, line);
      for (std::size_t i = 0; i < code_parts; ++i) {
        if (i == first_line_place) out_.append(value.text, line);
        put(value.parts[i]);
      }
    }
    if (place.repeated) out_[begin] = static_cast<char>(static_cast<unsigned char>(out_[begin]) | flag_ref);
  }

  std::span<const Value> values_;
  std::vector<Place> places_;
  std::string out_;
  std::uint32_t next_ = 0;
};

}  // namespace

Result<std::string> canonical_code(std::string_view marshalled, Locations locations) {
  Reader reader(marshalled, locations);
  const auto code = reader.read_code();
  if (reader.is_too_deep()) return fail(ErrorKind::limit, "is nested too deeply");
  if (!code) return fail(ErrorKind::corrupt, "not a marshalled code object");
  const std::vector<Value> values = reader.take_values();
  return Writer(values).write(*code);
}

}  // namespace wheelbarrow::bundle
