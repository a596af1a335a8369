#include "app/decoding.hpp"

#include <zlib.h>
#include <zstd.h>

#include <array>
#include <memory>

namespace wheelbarrow::app {
namespace {

constexpr std::size_t step = std::size_t{128} * 1024;

std::unexpected<Error> broken(std::string_view coding) {
  return fail(ErrorKind::corrupt, "the body is not " + std::string(coding) + ", or is cut short");
}

std::unexpected<Error> too_large() {
  return fail(ErrorKind::limit, "the content is larger than expected");
}

Result<std::string> decode_zstd(std::string_view body, std::size_t most) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  std::string content;
  std::string piece(step, '\0');
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::size_t left = 0;
  bool full = false;
  while (in.pos < in.size || (full && left != 0)) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return broken("zstd");
    full = out.pos == out.size;
    content.append(piece, 0, out.pos);
    if (content.size() > most) return too_large();
  }
  if (left != 0 || body.empty()) return broken("zstd");
  return content;
}

Result<std::string> decode_gzip(std::string_view body, std::size_t most) {
  constexpr int gzip_window = 15 + 16;
  z_stream stream{};
  if (inflateInit2(&stream, gzip_window) != Z_OK) return fail(ErrorKind::internal, "zlib has no memory");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> ending(&stream, &inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  std::string content;
  std::string piece(step, '\0');
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    code = inflate(&stream, Z_NO_FLUSH);
    content.append(piece, 0, piece.size() - stream.avail_out);
    if (content.size() > most) return too_large();
  }
  if (code != Z_STREAM_END || stream.avail_in != 0) return broken("gzip");
  return content;
}

}  // namespace

Result<std::string> decode(std::string_view coding, std::string_view body, std::size_t most) {
  if (coding == "zstd") return decode_zstd(body, most);
  if (coding == "gzip") return decode_gzip(body, most);
  if (!coding.empty())
    return fail(ErrorKind::invalid_input, "the coding " + std::string(coding) + " is unknown");
  if (body.size() > most) return too_large();
  return std::string(body);
}

}  // namespace wheelbarrow::app
