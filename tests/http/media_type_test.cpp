#include "http/media_type.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace wheelbarrow::http {
namespace {

TEST(MediaType, FollowsTheLastExtension) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"pyodide.asm.wasm", "application/wasm"},
      {"pyodide.mjs", "text/javascript; charset=utf-8"},
      {"a.JS", "text/javascript; charset=utf-8"},
      {"numpy-2.2.5-cp313-cp313-pyodide_2025_0_wasm32.whl", "application/zip"},
      {"python_stdlib.zip", "application/zip"},
      {"a.tar", "application/x-tar"},
      {"a.tar.gz", "application/gzip"},
      {"pyodide-lock.json", "application/json"},
      {"pyodide.js.map", "application/json"},
      {"pyodide.d.ts", "text/plain; charset=utf-8"},
      {"a.py", "text/x-python; charset=utf-8"},
      {"a.svg", "image/svg+xml"},
      {"a.woff2", "font/woff2"},
      {"index.html", "text/html; charset=utf-8"},
      {"README", "application/octet-stream"},
      {"dir.html/README", "application/octet-stream"},
      {"a.", "application/octet-stream"},
      {"", "application/octet-stream"},
      {"a.unknown", "application/octet-stream"},
  };
  for (const auto& [name, type] : cases) {
    EXPECT_EQ(media_type(name), type) << name;
  }
}

TEST(MediaType, KnowsWhatCompresses) {
  for (const char* type : {"application/wasm", "text/javascript; charset=utf-8", "TEXT/HTML",
                           "application/json", "application/problem+json", "image/svg+xml",
                           "application/x-tar", "text/plain;x=y", "application/vnd.pypi.simple.v1+html"}) {
    EXPECT_TRUE(is_compressible(type)) << type;
  }
  for (const char* type : {"application/zip", "application/gzip", "image/png", "font/woff2", "video/mp4",
                           "application/octet-stream", ""}) {
    EXPECT_FALSE(is_compressible(type)) << type;
  }
}

}  // namespace
}  // namespace wheelbarrow::http
