#include "bundle/module_names.hpp"

#include <algorithm>
#include <cstddef>

namespace wheelbarrow::bundle {
namespace {

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The words of a source, and what stands between them.
class Words {
 public:
  explicit Words(std::string_view source) : source_(source) {}

  bool done() const { return at_ >= source_.size(); }
  char peek() const { return source_[at_]; }
  void skip() { ++at_; }
  void skip_line() { at_ = std::min(source_.find('\n', at_), source_.size()); }
  // Spaces and continued lines.
  void skip_spaces() {
    while (!done() &&
           (peek() == ' ' || peek() == '\t' || peek() == '\\' || peek() == '\r' ||
            (peek() == '\n' && at_ > 0 && (source_[at_ - 1] == '\\' || source_[at_ - 1] == '\r')))) {
      skip();
    }
  }
  // Empty where no word begins.
  std::string_view word() {
    const std::size_t begin = at_;
    while (!done() && (is_name_byte(peek()) || peek() == '.')) {
      skip();
    }
    return source_.substr(begin, at_ - begin);
  }

 private:
  std::string_view source_;
  std::size_t at_ = 0;
};

std::string absolute(std::string_view path, std::string_view name) {
  const std::size_t dots = std::min(name.find_first_not_of('.'), name.size());
  if (dots == 0) return std::string(name);
  std::string_view folder =
      path.substr(0, path.find_last_of('/') == std::string_view::npos ? 0 : path.rfind('/'));
  for (std::size_t up = 1; up < dots; ++up) {
    const std::size_t slash = folder.rfind('/');
    folder = folder.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  std::string full(folder);
  std::ranges::replace(full, '/', '.');
  name.remove_prefix(dots);
  if (!full.empty() && !name.empty()) full += '.';
  return full += name;
}

// Behind "from X import": the names up to the end of the line or of the brackets.
void read_imported(Words& words, const std::string& module,
                   const std::function<void(std::string_view)>& found) {
  words.skip_spaces();
  const bool bracketed = !words.done() && words.peek() == '(';
  while (!words.done()) {
    words.skip_spaces();
    if (words.done()) return;
    const char c = words.peek();
    if (c == '#') {
      words.skip_line();
    } else if (c == ')' || (c == '\n' && !bracketed)) {
      return;
    } else if (const std::string_view name = words.word(); !name.empty()) {
      found(module.empty() ? std::string(name) : module + '.' + std::string(name));
    } else {
      words.skip();
    }
  }
}

}  // namespace

std::string module_of(std::string_view path) {
  std::string_view stem = path.substr(0, path.rfind('.'));
  if (stem.ends_with("/__init__")) stem.remove_suffix(std::string_view("/__init__").size());
  std::string name(stem);
  std::ranges::replace(name, '/', '.');
  return name;
}

void for_each_name(std::string_view path, std::string_view source,
                   const std::function<void(std::string_view)>& found) {
  Words words(source);
  while (!words.done()) {
    const std::string_view word = words.word();
    if (word.empty()) {
      words.skip();
      continue;
    }
    // "from.a import b" and "from .import b" are spelt without spaces now and then.
    if (word != "from" && !word.starts_with("from.")) {
      found(absolute(path, word));
      continue;
    }
    std::string_view name = word.substr(std::string_view("from").size());
    words.skip_spaces();
    if (name.empty()) name = words.word();
    const bool joined = name.ends_with(".import") && name.find_first_not_of('.') == name.rfind("import");
    if (joined) name.remove_suffix(std::string_view("import").size());
    const std::string module = absolute(path, name);
    words.skip_spaces();
    found(module);
    if (joined || words.word() == "import") read_imported(words, module, found);
  }
}

}  // namespace wheelbarrow::bundle
