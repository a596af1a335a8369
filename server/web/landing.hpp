// The landing page: what is in the wheelhouse, what was refused and why, a form that makes a bundle's URL,
// and snippets to copy. Made on the server, so that it says everything without JavaScript. And the form of
// the page that compares ways to install, /compare, of which the rest is JavaScript (compare/page.mjs).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wheelbarrow::web {

// Every text may hold anything; nothing needs to be escaped by the caller.
struct LandingView {
  struct Row {
    std::string name;
    std::string version;
    std::string filename;
    std::uint64_t size = 0;  // bytes of the wheel file
    std::string tags;        // "cp313-cp313-pyodide_2025_0_wasm32"
    std::string href;        // of the wheel, relative to base_url or an http(s) URL
    std::string metadata_href;
    std::vector<std::string> warnings;
    std::optional<std::string> yanked;  // why, or an empty text
  };
  struct Refused {
    std::string file;
    std::string reason;
  };

  struct Class {
    std::string name;
    std::string leaves_out;
  };

  std::string base_url;  // as the reader reaches the server, "https://localhost:8443/"
  std::string version;   // of wheelbarrow
  std::string default_target;
  std::vector<std::string> targets;
  std::string pyodide_version;        // of the runtime that is served, or its name; empty if none is
  std::vector<std::string> examples;  // requirements for the snippets; empty: taken from the wheels
  std::string bytecode;               // what compiles, or what is missing: a sentence
  std::vector<Class> strip_classes;   // what a bundle can leave out
  std::vector<Row> wheels;       // in the order to show; of many, the first `landing_row_limit` are shown
  std::vector<Refused> refused;  // likewise
};

inline constexpr std::size_t landing_row_limit = 500;

std::string render_landing(const LandingView& view);
std::string render_compare(const LandingView& view);

// The Content-Security-Policy that the page is written for: nothing inline, nothing from elsewhere.
inline constexpr std::string_view landing_security_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self'; base-uri "
    "'none'; "
    "frame-ancestors 'self'";

// That of the page that compares: it also starts workers, and asks this server about requirement sets. What a
// worker may do is not the page's to say.
inline constexpr std::string_view compare_security_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'";

}  // namespace wheelbarrow::web
