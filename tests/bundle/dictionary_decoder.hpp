// Decoding "dcz" (RFC 9842 2.2) as a careful browser does.
#pragma once

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace wheelbarrow::test {

// All zstd frames of `coded` with `dictionary` as raw content; no window above 8 MiB is taken.
inline std::string unzstd_with(std::string_view dictionary, std::string_view coded) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 23);
  ZSTD_DCtx_loadDictionary(context.get(), dictionary.data(), dictionary.size());
  std::string plain;
  std::string buffer(1 << 20, '\0');
  ZSTD_inBuffer in{coded.data(), coded.size(), 0};
  std::size_t left = 0;
  while (in.pos < in.size) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) {
      ADD_FAILURE() << ZSTD_getErrorName(left);
      return plain;
    }
    plain.append(buffer.data(), out.pos);
  }
  while (left != 0) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0 || out.pos == 0) {
      ADD_FAILURE() << "the last frame is not whole";
      return plain;
    }
    plain.append(buffer.data(), out.pos);
  }
  return plain;
}

// A whole dcz body.
inline std::string undcz(std::string_view dictionary, std::string_view coded) {
  EXPECT_EQ(coded.substr(0, 8), std::string_view("\x5e\x2a\x4d\x18\x20\x00\x00\x00", 8));
  return unzstd_with(dictionary, coded.substr(std::min<std::size_t>(40, coded.size())));
}

}  // namespace wheelbarrow::test
