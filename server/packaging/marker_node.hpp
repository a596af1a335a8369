// Private to this room: the tree of a marker expression.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "packaging/marker.hpp"
#include "packaging/specifier.hpp"

namespace wheelbarrow::packaging {

// A variable of the environment or `extra`.
enum class MarkerVariable {
  implementation_name,
  implementation_version,
  os_name,
  platform_machine,
  platform_python_implementation,
  platform_release,
  platform_system,
  platform_version,
  python_full_version,
  python_version,
  sys_platform,
  extra,
};

std::string_view marker_variable_name(MarkerVariable variable);

// One side of a comparison: a variable, or the literal text.
struct MarkerOperand {
  std::optional<MarkerVariable> variable;
  std::string text;
};

enum class MarkerOperator {
  compatible,
  equal,
  not_equal,
  less_equal,
  greater_equal,
  less,
  greater,
  arbitrary,
  in,
  not_in
};

// A comparison, or a junction of at least two nodes of which none is a junction of the same kind.
struct Marker::Node {
  enum class Kind { comparison, all, any };

  Kind kind = Kind::comparison;
  MarkerOperand left;
  MarkerOperator op = MarkerOperator::equal;
  MarkerOperand right;
  // The right side as the clause of a version comparison, if it is a literal that can be one.
  std::optional<Specifier> clause;
  std::vector<std::shared_ptr<const Node>> children;
};

std::string_view marker_operator_text(MarkerOperator op);
// Nothing for "in" and "not in".
std::optional<Specifier> make_marker_clause(MarkerOperator op, std::string_view right);

}  // namespace wheelbarrow::packaging
