#include <algorithm>
#include <array>
#include <utility>

#include "packaging/clause_parser.hpp"
#include "packaging/marker_node.hpp"
#include "packaging/name.hpp"

namespace wheelbarrow::packaging {
namespace {

using Node = Marker::Node;
using NodePtr = std::shared_ptr<const Node>;

constexpr int max_comparisons = 1'000;
constexpr int max_depth = 100;

struct VariableSpelling {
  std::string_view text;
  MarkerVariable variable;
};

// The first of each is the one to write; the others are those of PEP 345, and one that setuptools once wrote.
constexpr std::array<VariableSpelling, 18> variable_spellings = {{
    {"implementation_name", MarkerVariable::implementation_name},
    {"implementation_version", MarkerVariable::implementation_version},
    {"os_name", MarkerVariable::os_name},
    {"os.name", MarkerVariable::os_name},
    {"platform_machine", MarkerVariable::platform_machine},
    {"platform.machine", MarkerVariable::platform_machine},
    {"platform_python_implementation", MarkerVariable::platform_python_implementation},
    {"platform.python_implementation", MarkerVariable::platform_python_implementation},
    {"python_implementation", MarkerVariable::platform_python_implementation},
    {"platform_release", MarkerVariable::platform_release},
    {"platform_system", MarkerVariable::platform_system},
    {"platform_version", MarkerVariable::platform_version},
    {"platform.version", MarkerVariable::platform_version},
    {"python_full_version", MarkerVariable::python_full_version},
    {"python_version", MarkerVariable::python_version},
    {"sys_platform", MarkerVariable::sys_platform},
    {"sys.platform", MarkerVariable::sys_platform},
    {"extra", MarkerVariable::extra},
}};

// Longer spellings first. "not in" is read by words.
constexpr std::array<std::pair<std::string_view, MarkerOperator>, 10> operators = {{
    {"===", MarkerOperator::arbitrary},
    {"~=", MarkerOperator::compatible},
    {"==", MarkerOperator::equal},
    {"!=", MarkerOperator::not_equal},
    {"<=", MarkerOperator::less_equal},
    {">=", MarkerOperator::greater_equal},
    {"<", MarkerOperator::less},
    {">", MarkerOperator::greater},
    {"in", MarkerOperator::in},
    {"not in", MarkerOperator::not_in},
}};

bool is_word_character(char c) {
  return is_alphanumeric(c) || c == '_' || c == '.';
}

// PEP 508's python_str: printable ASCII without the backslash, which some tools read as an escape.
bool is_literal_character(char c) {
  return (c >= ' ' && c < 0x7f && c != '\\') || c == '\t';
}

class MarkerParser {
 public:
  explicit MarkerParser(Scanner& scanner) : scanner_(scanner) {}

  // marker_or = marker_and ("or" marker_and)*; the depth is bounded by parse_term.
  // NOLINTNEXTLINE(misc-no-recursion)
  Result<NodePtr> parse_or() { return parse_junction(Node::Kind::any, "or"); }

 private:
  // NOLINTNEXTLINE(misc-no-recursion)
  Result<NodePtr> parse_junction(Node::Kind kind, std::string_view word) {
    std::vector<NodePtr> children;
    do {
      auto child = kind == Node::Kind::any ? parse_junction(Node::Kind::all, "and") : parse_term();
      if (!child) return child;
      if ((*child)->kind == kind) {
        children.insert(children.end(), (*child)->children.begin(), (*child)->children.end());
      } else {
        children.push_back(*std::move(child));
      }
    } while (accept_word(word));
    if (children.size() == 1) return children.front();
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->children = std::move(children);
    return node;
  }

  // marker_expr = "(" marker_or ")" | operand operator operand
  // NOLINTNEXTLINE(misc-no-recursion)
  Result<NodePtr> parse_term() {
    scanner_.skip_space();
    const std::size_t start = scanner_.position();
    if (!scanner_.accept("(")) return parse_comparison();
    if (++depth_ > max_depth) return scanner_.expected_at("at most 100 nested parentheses", start);
    auto inner = parse_or();
    --depth_;
    if (!inner) return inner;
    scanner_.skip_space();
    if (!scanner_.accept(")")) return scanner_.expected("')', 'and' or 'or'");
    return inner;
  }

  Result<NodePtr> parse_comparison() {
    const std::size_t start = scanner_.position();
    if (++comparisons_ > max_comparisons) return scanner_.expected_at("at most 1000 comparisons", start);
    auto node = std::make_shared<Node>();
    auto left = parse_operand();
    if (!left) return std::unexpected(std::move(left.error()));
    auto op = parse_operator();
    if (!op) return std::unexpected(std::move(op.error()));
    scanner_.skip_space();
    const std::size_t right_start = scanner_.position();
    auto right = parse_operand();
    if (!right) return std::unexpected(std::move(right.error()));
    node->left = *std::move(left);
    node->op = *op;
    node->right = *std::move(right);
    if (!node->left.variable && !node->right.variable) {
      return scanner_.expected_at("a comparison with a variable such as python_version", start);
    }
    if (!node->right.variable) node->clause = make_marker_clause(node->op, node->right.text);
    // PEP 508: an operator that is defined neither for versions nor for Python's strings is an error.
    if (node->op == MarkerOperator::compatible && !node->right.variable && !node->clause) {
      return scanner_.expected_at("a version with two numbers or more, such as '3.9', after '~='",
                                  right_start);
    }
    normalize_extra(*node);
    return node;
  }

  // Extras are compared by canonical name, so their literal is kept in it (PEP 685).
  static void normalize_extra(Node& node) {
    const auto is_extra = [](const MarkerOperand& operand) {
      return operand.variable == MarkerVariable::extra;
    };
    if (is_extra(node.left) && !node.right.variable) node.right.text = canonicalize_name(node.right.text);
    if (is_extra(node.right) && !node.left.variable) node.left.text = canonicalize_name(node.left.text);
  }

  Result<MarkerOperand> parse_operand() {
    scanner_.skip_space();
    const std::size_t start = scanner_.position();
    const char quote = scanner_.peek();
    if (quote == '"' || quote == '\'') {
      scanner_.advance(1);
      const std::string_view text =
          scanner_.take_while([&](char c) { return c != quote && is_literal_character(c); });
      if (scanner_.at_end()) return scanner_.expected_at("a string with a closing quote", start);
      if (scanner_.peek() != quote) return scanner_.expected("printable ASCII without '\\' in a string");
      scanner_.advance(1);
      return MarkerOperand{std::nullopt, std::string(text)};
    }
    const std::string_view word = scanner_.take_while(is_word_character);
    const auto* const found = std::ranges::find(variable_spellings, word, &VariableSpelling::text);
    if (found == variable_spellings.end()) {
      return scanner_.expected_at("a variable such as python_version or a quoted string", start);
    }
    return MarkerOperand{found->variable, {}};
  }

  Result<MarkerOperator> parse_operator() {
    scanner_.skip_space();
    for (const auto& [text, op] : operators) {
      if (!is_letter(text.front()) && scanner_.accept(text)) return op;
    }
    if (accept_word("in")) return MarkerOperator::in;
    const std::size_t start = scanner_.position();
    if (accept_word("not")) {
      if (accept_word("in")) return MarkerOperator::not_in;
      return scanner_.expected("'in' after 'not'");
    }
    return scanner_.expected_at(scanner_.peek() == '=' ? "'==' or '>='" : "a comparison such as '==' or 'in'",
                                start);
  }

  bool accept_word(std::string_view word) {
    scanner_.skip_space();
    const std::string_view rest = scanner_.rest();
    if (!rest.starts_with(word)) return false;
    if (rest.size() > word.size() && is_word_character(rest[word.size()])) return false;
    scanner_.advance(word.size());
    return true;
  }

  Scanner& scanner_;
  int comparisons_ = 0;
  int depth_ = 0;
};

}  // namespace

std::string_view marker_variable_name(MarkerVariable variable) {
  return std::ranges::find(variable_spellings, variable, &VariableSpelling::variable)->text;
}

std::string_view marker_operator_text(MarkerOperator op) {
  const auto* const found =
      std::ranges::find_if(operators, [&](const auto& entry) { return entry.second == op; });
  return found->first;
}

std::optional<Specifier> make_marker_clause(MarkerOperator op, std::string_view right) {
  if (op == MarkerOperator::in || op == MarkerOperator::not_in) return std::nullopt;
  auto clause = Specifier::parse(std::string(marker_operator_text(op)) + std::string(right));
  if (!clause) return std::nullopt;
  return *std::move(clause);
}

Result<Marker> parse_marker(Scanner& scanner) {
  auto root = MarkerParser(scanner).parse_or();
  if (!root) return std::unexpected(std::move(root.error()));
  scanner.skip_space();
  if (!scanner.at_end()) return scanner.expected("'and', 'or' or the end of the marker");
  Marker marker;
  marker.root_ = *std::move(root);
  return marker;
}

Result<Marker> Marker::parse(std::string_view text) {
  Scanner scanner(text, WhiteSpace::within_line);
  return parse_marker(scanner);
}

}  // namespace wheelbarrow::packaging
