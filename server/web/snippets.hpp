// Code to copy from the landing page, with this server's URLs in it.
#pragma once

#include <string>
#include <vector>

#include "web/landing.hpp"

namespace wheelbarrow::web {

struct Snippet {
  std::string id;       // unique on the page
  std::string title;    // "curl and tar"
  std::string explain;  // one sentence
  std::string code;     // plain text
};

// For the view's examples, or where it has none, for the first wheels' projects. Names that aren't project
// names are left out.
std::vector<Snippet> snippets(const LandingView& view);

// The requirements that snippets() uses.
std::vector<std::string> example_requirements(const LandingView& view);

}  // namespace wheelbarrow::web
