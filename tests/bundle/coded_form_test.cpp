#include "bundle/coded_form.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <string>

#include "bundle/untar.hpp"

namespace wheelbarrow::bundle {
namespace {

using test::flatten;

// Text that compresses a little, the same in every run.
std::string sample(std::size_t size, unsigned seed) {
  std::mt19937 dice(seed);
  std::string text(size, '\0');
  for (char& c : text) {
    c = static_cast<char>('a' + dice() % 13);
  }
  return text;
}

std::string unzstd(const std::string& coded, std::size_t size) {
  std::string plain(size + 1, '\0');
  const std::size_t got = ZSTD_decompress(plain.data(), plain.size(), coded.data(), coded.size());
  EXPECT_EQ(ZSTD_isError(got), 0U) << ZSTD_getErrorName(got);
  plain.resize(ZSTD_isError(got) != 0 ? 0 : got);
  return plain;
}

// One member only, as browsers decode; its CRC and length are checked by zlib.
std::string gunzip_one_member(const std::string& coded, std::size_t size) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string plain(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  stream.avail_in = static_cast<uInt>(coded.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U) << "there is a second member";
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

Slice coded_piece(const std::string& plain, Form form, Effort effort) {
  auto coded = compress(std::as_bytes(std::span(plain)), form, effort);
  EXPECT_TRUE(coded);
  return Slice::of(std::move(*coded));
}

TEST(CodedForm, JoinedPiecesDecodeToJoinedContent) {
  const std::string contents[] = {sample(1000, 1),         "",           sample(300'000, 2),
                                  std::string(1024, '\0'), sample(1, 3), sample((4 << 20) + 1, 6)};
  std::string whole;
  for (const std::string& content : contents) {
    whole += content;
  }
  for (const Effort effort : {Effort::fast, Effort::best}) {
    std::vector<Slice> zstd_pieces;
    std::vector<Slice> gzip_pieces;
    for (const std::string& content : contents) {
      zstd_pieces.push_back(coded_piece(content, Form::zstd, effort));
      gzip_pieces.push_back(coded_piece(content, Form::gzip, effort));
    }
    EXPECT_TRUE(unzstd(flatten(join(Form::zstd, zstd_pieces)), whole.size()) == whole);
    EXPECT_TRUE(gunzip_one_member(flatten(join(Form::gzip, gzip_pieces)), whole.size()) == whole);
  }
}

TEST(CodedForm, AGzipPieceIsAFileOfItsOwn) {
  const std::string content = sample(100'000, 4);
  const Slice piece = coded_piece(content, Form::gzip, Effort::fast);
  EXPECT_EQ(gunzip_one_member(std::string(piece.text()), content.size()), content);
}

TEST(CodedForm, JoiningNothingIsEmptyButValid) {
  EXPECT_EQ(gunzip_one_member(flatten(join(Form::gzip, {})), 0), "");
  EXPECT_TRUE(join(Form::zstd, {}).empty());
}

TEST(CodedForm, ZstdKeepsToTheWindowOfRfc9659) {
  for (const std::size_t size : {1'000U, 8U << 20, (8U << 20) + 1, 20U << 20}) {
    const std::string content(size, 'x');
    const Slice piece = coded_piece(content, Form::zstd, Effort::best);
    ZSTD_DCtx* const context = ZSTD_createDCtx();
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23);
    std::string plain(size, '\0');
    ZSTD_inBuffer in{piece.bytes.data(), piece.size(), 0};
    ZSTD_outBuffer out{plain.data(), plain.size(), 0};
    std::size_t left = 1;
    while (left != 0 && ZSTD_isError(left) == 0 && in.pos < in.size) {
      left = ZSTD_decompressStream(context, &out, &in);
    }
    EXPECT_EQ(ZSTD_isError(left), 0U) << size << ": " << ZSTD_getErrorName(left);
    EXPECT_TRUE(plain == content);
    ZSTD_freeDCtx(context);
  }
}

TEST(CodedForm, BestIsSmaller) {
  const std::string content = sample(1 << 20, 5) + sample(1 << 20, 5);
  for (const Form form : {Form::zstd, Form::gzip}) {
    EXPECT_LT(coded_piece(content, form, Effort::best).size(),
              coded_piece(content, form, Effort::fast).size())
        << name_of(form);
  }
}

}  // namespace
}  // namespace wheelbarrow::bundle
