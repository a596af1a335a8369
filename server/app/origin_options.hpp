// What the server is to caches and CDNs in front, and how much work strangers may ask of it.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "routes/router.hpp"

namespace wheelbarrow::app {

struct OriginOptions {
  std::vector<std::string> cache_control;
  std::vector<std::string> cdn_cache_control;
  std::string cache_keys = "none";
  std::string allowed_sets;
  std::string token;
  std::uint32_t cold_builds = 0;
  routes::SetLimits set_limits;

  void add_options(CLI::App& app);
  // Fills in what is theirs; reads the files.
  Result<void> apply(routes::RouterOptions& router) const;
};

}  // namespace wheelbarrow::app
