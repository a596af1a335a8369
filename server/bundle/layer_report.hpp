// What was done to a wheel on its way into a layer, where something was: which files were left out,
// which modules couldn't be compiled. It is the layer's first file, <dist>.dist-info/wheelbarrow.json, so
// that whoever has the layer, or the site-packages made of it, can tell.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "bundle/trim.hpp"

namespace wheelbarrow::bundle {

// In .dist-info.
inline constexpr std::string_view layer_report_name = "wheelbarrow.json";

struct LayerReport {
  struct Count {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;  // before compression

    friend bool operator==(const Count&, const Count&) = default;
  };
  std::map<StripClass, Count> left_out;  // for every class that was asked for
  // Modules that have no bytecode though it was asked for, and why; they keep their source.
  std::map<std::string, std::string> not_compiled;

  friend bool operator==(const LayerReport&, const LayerReport&) = default;
};

// JSON, one line.
std::string to_text(const LayerReport& report);

// The report of a layer. REQUIRES: LayerRecipe::reports() of what the layer was made by.
Result<LayerReport> read_layer_report(std::string_view layer);

}  // namespace wheelbarrow::bundle
