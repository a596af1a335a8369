// What answers say to caches: how long they may be kept, and by which names a CDN drops them.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "http/representation.hpp"

namespace wheelbarrow::routes {

// The answers of a class are kept alike.
enum class CacheClass {
  hashed,   // what a hash in the address names: bundles, wheels, a pinned loader
  bundle,   // a bundle by its requirements
  index,    // what is made from the catalog: /resolve, /simple/, lock files
  runtime,  // the files of Pyodide below /env/
  pages,    // the pages, static folders
};

struct CacheRule {
  std::string control;  // Cache-Control (RFC 9111 5.2, RFC 5861, RFC 8246)
  std::string cdn;      // CDN-Cache-Control (RFC 9213); empty: not sent
};

class CachePolicy {
 public:
  CachePolicy();

  // "bundle=public, max-age=60": Cache-Control of a class, or CDN-Cache-Control of it.
  // ErrorKind::invalid_input for a class that doesn't exist, for what is no list of directives, and for
  // directives that contradict each other.
  Result<void> set_control(std::string_view text);
  Result<void> set_cdn(std::string_view text);

  const CacheRule& of(CacheClass which) const { return rules_[static_cast<std::size_t>(which)]; }

 private:
  std::array<CacheRule, 5> rules_;
};

// The same directives for the client alone: for answers that a shared cache must not give to anybody else.
std::string made_private(std::string_view control);

// In which fields the names are sent.
enum class KeyFields { none, surrogate_key, cache_tag, both };

// The names of an answer: "project-numpy" and "wheel-0123456789abcdef" (of its SHA-256) for every wheel in
// it, and "wheelbarrow".
class CacheKeys {
 public:
  void add(std::string_view project, const Sha256& wheel);
  void add_project(std::string_view project);
  // Joined. If they are longer than what caches take of a field, the wheels' names are left out, then the
  // projects': purging "wheelbarrow" still drops the answer.
  std::string joined(std::string_view separator) const;

 private:
  std::set<std::string> projects_;
  std::set<std::string> wheels_;
};

// What one answer says.
struct Caching {
  CacheRule rule;
  std::optional<CacheKeys> keys = {};
  KeyFields key_fields = KeyFields::none;

  void write(http::Representation& into) const;
};

}  // namespace wheelbarrow::routes
