#include "packaging/marker.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "packaging/marker_node.hpp"
#include "packaging/name.hpp"
#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

using Node = Marker::Node;

std::string_view value_of(MarkerVariable variable, const MarkerEnvironment& environment,
                          std::string_view extra) {
  switch (variable) {
    case MarkerVariable::implementation_name:
      return environment.implementation_name;
    case MarkerVariable::implementation_version:
      return environment.implementation_version;
    case MarkerVariable::os_name:
      return environment.os_name;
    case MarkerVariable::platform_machine:
      return environment.platform_machine;
    case MarkerVariable::platform_python_implementation:
      return environment.platform_python_implementation;
    case MarkerVariable::platform_release:
      return environment.platform_release;
    case MarkerVariable::platform_system:
      return environment.platform_system;
    case MarkerVariable::platform_version:
      return environment.platform_version;
    case MarkerVariable::python_full_version:
      return environment.python_full_version;
    case MarkerVariable::python_version:
      return environment.python_version;
    case MarkerVariable::sys_platform:
      return environment.sys_platform;
    case MarkerVariable::extra:
      break;
  }
  return extra;
}

bool compare_strings(std::string_view left, MarkerOperator op, std::string_view right) {
  switch (op) {
    case MarkerOperator::compatible:
      return false;
    case MarkerOperator::arbitrary:
      return lower_case(left) == lower_case(right);
    case MarkerOperator::equal:
      return left == right;
    case MarkerOperator::not_equal:
      return left != right;
    case MarkerOperator::less_equal:
      return left <= right;
    case MarkerOperator::greater_equal:
      return left >= right;
    case MarkerOperator::less:
      return left < right;
    case MarkerOperator::greater:
      return left > right;
    case MarkerOperator::in:
      return right.contains(left);
    case MarkerOperator::not_in:
      return !right.contains(left);
  }
  return false;
}

bool holds(const Node& node, const MarkerEnvironment& environment, std::string_view extra) {
  const auto text = [&](const MarkerOperand& operand) {
    return operand.variable ? value_of(*operand.variable, environment, extra)
                            : std::string_view(operand.text);
  };
  const std::string_view left = text(node.left);
  const std::string_view right = text(node.right);
  if (node.left.variable == MarkerVariable::extra || node.right.variable == MarkerVariable::extra) {
    return compare_strings(canonicalize_name(left), node.op, canonicalize_name(right));
  }
  const auto clause = node.clause || !node.right.variable ? node.clause : make_marker_clause(node.op, right);
  if (clause) {
    if (const auto version = Version::parse(left)) return clause->contains(*version);
  }
  return compare_strings(left, node.op, right);
}

// The depth is bounded by the parser.
// NOLINTNEXTLINE(misc-no-recursion)
bool evaluate_node(const Node& node, const MarkerEnvironment& environment, std::string_view extra) {
  const auto child_holds = [&](const auto& child) { return evaluate_node(*child, environment, extra); };
  switch (node.kind) {
    case Node::Kind::all:
      return std::ranges::all_of(node.children, child_holds);
    case Node::Kind::any:
      return std::ranges::any_of(node.children, child_holds);
    case Node::Kind::comparison:
      break;
  }
  return holds(node, environment, extra);
}

std::string operand_text(const MarkerOperand& operand) {
  if (operand.variable) return std::string(marker_variable_name(*operand.variable));
  // A literal can't hold both kinds of quotes: there is no escape.
  const char quote = operand.text.contains('"') ? '\'' : '"';
  return quote + operand.text + quote;
}

// NOLINTNEXTLINE(misc-no-recursion)
void write_node(const Node& node, std::string& out) {
  if (node.kind == Node::Kind::comparison) {
    out += operand_text(node.left) + ' ';
    out += marker_operator_text(node.op);
    out += ' ' + operand_text(node.right);
    return;
  }
  const bool is_all = node.kind == Node::Kind::all;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out += is_all ? " and " : " or ";
    const Node& child = *node.children[i];
    const bool needs_parentheses = is_all && child.kind == Node::Kind::any;
    if (needs_parentheses) out += '(';
    write_node(child, out);
    if (needs_parentheses) out += ')';
  }
}

}  // namespace

std::string Marker::str() const {
  std::string text;
  if (root_) write_node(*root_, text);
  return text;
}

bool Marker::evaluate(const MarkerEnvironment& environment, std::string_view extra) const {
  return !root_ || evaluate_node(*root_, environment, extra);
}

}  // namespace wheelbarrow::packaging
