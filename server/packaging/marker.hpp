// Environment markers (PEP 508 "Environment Markers").
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wheelbarrow::packaging {

class Scanner;

// The values that markers of one target see; `extra` is given per evaluation.
struct MarkerEnvironment {
  std::string implementation_name;             // "cpython"
  std::string implementation_version;          // "3.13.2"
  std::string os_name;                         // "posix"
  std::string platform_machine;                // "wasm32"
  std::string platform_python_implementation;  // "CPython"
  std::string platform_release;                // "4.0.9"
  std::string platform_system;                 // "Emscripten"
  std::string platform_version;
  std::string python_full_version;  // "3.13.2"
  std::string python_version;       // "3.13"
  std::string sys_platform;         // "emscripten"
};

// An immutable expression; copying shares it. A default-constructed one holds everywhere.
class Marker {
 public:
  // The text after ';'. At most 1,000 comparisons and 100 nested parentheses; more is an error. So are two
  // literals compared with each other, and "~=" with a literal that is no version (PEP 508).
  static Result<Marker> parse(std::string_view text);

  // Normalized text: double quotes, single spaces, needed parentheses only.
  std::string str() const;
  // Where both sides are versions they are compared as versions, otherwise as strings (an ordered comparison
  // of strings is by code unit, "~=" never holds for them). Extras are compared by canonical name (PEP 685).
  // `extra` is the canonical name of the extra being considered, empty for none.
  bool evaluate(const MarkerEnvironment& environment, std::string_view extra = {}) const;

  struct Node;

 private:
  friend Result<Marker> parse_marker(Scanner& scanner);

  std::shared_ptr<const Node> root_;
};

}  // namespace wheelbarrow::packaging
