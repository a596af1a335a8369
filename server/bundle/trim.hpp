// What a bundle can leave out when it is asked to (strip=): classes of files that a running app never
// imports.
//
// A name alone proves nothing: astropy.tests and tables.tests are imported by their own packages,
// scikit-image reads its .pyi files at run time, a README may be shown in a dialog. So a wheel's modules are
// looked at as well, and what one of them seems to need stays. In doubt a file stays: of a wheel with modules
// that have no source nothing is left out. Always kept: everything in .dist-info (licences, METADATA), files
// that are licences by their name, extension modules, and top-level modules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::bundle {

enum class StripClass : std::uint8_t { tests, pyi, headers, docs };

struct StripClassText {
  std::string_view name;
  std::string_view leaves_out;  // a noun phrase, for whoever documents the class
};
// In the order of StripClass.
std::span<const StripClassText> strip_classes();
std::string_view name_of(StripClass kind);

// A set of classes; equal sets in any order are equal.
class StripSet {
 public:
  // "tests,docs": names in any order, perhaps repeated; empty ones count as nothing. An unknown name is
  // ErrorKind::invalid_input with the known ones.
  static Result<StripSet> parse(std::string_view names);

  void add(StripSet other) { bits_ |= other.bits_; }
  bool contains(StripClass kind) const { return ((bits_ >> static_cast<unsigned>(kind)) & 1U) != 0; }
  bool empty() const { return bits_ == 0; }
  // In the order of strip_classes().
  std::vector<std::string> names() const;
  std::string text() const;  // names(), joined by commas

  friend bool operator==(StripSet, StripSet) = default;

 private:
  unsigned bits_ = 0;
};

// Sorts the files of one wheel.
class Trim {
 public:
  explicit Trim(StripSet classes) : classes_(classes) {}

  // Every file once, in any order: its path as installed, its content.
  void see(std::string_view path, std::string_view content);

  // The files to leave out, each with the first class that it is in.
  std::map<std::string, StripClass, std::less<>> left_out() const;

 private:
  struct Module {
    std::string path;
    std::vector<std::string> references;  // dotted names that may be parts of a test suite
  };

  void read_module(std::string_view path, std::string_view content);
  std::set<std::string, std::less<>> test_suites() const;
  bool has_module_beside(std::string_view stub) const;
  bool is_unneeded_stub(std::string_view path) const;
  bool is_unneeded_header(std::string_view path) const;
  // By folder, so that each is looked through once.
  using Verdicts = std::map<std::string, bool, std::less<>>;
  bool holds_only_text(std::string_view folder) const;
  bool is_unneeded_document(std::string_view path, Verdicts& text_folders) const;

  StripSet classes_;
  std::set<std::string, std::less<>> paths_;
  std::vector<Module> modules_;
  std::set<std::string, std::less<>> mentioned_;     // file names that modules mention
  std::set<std::string, std::less<>> stub_readers_;  // modules that read their own .pyi file
  bool has_hidden_modules_ = false;                  // byte-compiled ones without their source
};

}  // namespace wheelbarrow::bundle
