// RFC 9112 6, 7 and 11.2: where a request's body ends. Whatever another server could see differently is
// refused and the connection closed, so that no part of a body is ever taken for a request.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/conformance/http1_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

using namespace std::literals;

const std::string chunked = "Transfer-Encoding: chunked\r\n";
const std::string body = "5\r\nhello\r\n0\r\n\r\n";

// A POST with this Transfer-Encoding value, and a body in chunks.
std::string coded(std::string_view value) {
  return post1("Transfer-Encoding: " + std::string(value) + "\r\n", body);
}

// A POST with this Content-Length value, and five bytes.
std::string sized(std::string_view value) {
  return post1("Content-Length: " + std::string(value) + "\r\n", "hello");
}

std::vector<Http1Case> lengths() {
  return {
      {"6.2 Content-Length", sized("5"), served(200)},
      {"6.2 Content-Length of 0", post1("Content-Length: 0\r\n"), served(200)},
      {"6.2 Content-Length with leading zeros", sized("0005"), served(200)},
      {"6.2 Content-Length with whitespace around it", sized(" \t5\t "), served(200)},
      {"6.3 no length means no body", post1(""), served(200)},
      {"6.3 GET with a body", get1("Content-Length: 5\r\n") + "hello", served(200)},
      {"6.3 HEAD with a body", "HEAD /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"s,
       served_head(200)},
      {"6.3 a request in a body is not a request",
       post1("Content-Length: 26\r\n", "GET /nowhere HTTP/1.1\r\nX: "), served(200)},
      {"6.3 Content-Length twice", post1("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
       refused(400)},
      {"6.3 two lengths that differ", post1("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"),
       refused(400)},
      {"6.3 two lengths in different case", post1("Content-Length: 5\r\ncontent-length: 0\r\n", "hello"),
       refused(400)},
      {"6.3 two lengths apart", post1("Content-Length: 5\r\nX: y\r\nContent-Length: 0\r\n", "hello"),
       refused(400)},
      {"6.3 a list of equal lengths", sized("5, 5"), refused(400)},
      {"6.3 a list of lengths that differ", sized("5, 6"), refused(400)},
      {"6.3 a length with a comma behind", sized("5,"), refused(400)},
      {"6.3 an empty length", sized(""), refused(400)},
      {"6.3 a length that is no number", sized("five"), refused(400)},
      {"6.3 a negative length", sized("-5"), refused(400)},
      {"6.3 a length with a sign", sized("+5"), refused(400)},
      {"6.3 a hexadecimal length", sized("0x5"), refused(400)},
      {"6.3 a length with a fraction", sized("5.0"), refused(400)},
      {"6.3 a length with an exponent", sized("5e0"), refused(400)},
      {"6.3 a length with a separator", sized("1_0"), refused(400)},
      {"6.3 a length in quotes", sized("\"5\""), refused(400)},
      {"6.3 two numbers", sized("5 5"), refused(400)},
      {"6.3 a vertical tab before the length", sized("\v5"), refused(400)},
      {"6.3 NUL behind the length", sized("5\0"sv), refused(400)},
      {"6.3 a length over 64 bits", sized("18446744073709551621"), refused({400, 413})},
      {"6.3 a length over any number of bits", sized(std::string(100, '9')), refused({400, 413})},
      {"6.3 a folded length", post1("Content-Length:\r\n 5\r\n", "hello"), refused(400)},
      {"6.3 a length folded behind another field", post1("X: y\r\n Content-Length: 5\r\n", "hello"),
       refused(400)},
      {"6.3 a length behind a bare line feed", post1("X: y\nContent-Length: 5\r\n", "hello"), refused(400)},
      {"6.3 a length behind a bare carriage return", post1("X: y\rContent-Length: 5\r\n", "hello"),
       refused(400)},
      {"6.3 a length with a space before the colon", post1("Content-Length : 5\r\n", "hello"), refused(400)},
      {"6.3 a length with a control character in its name", post1("Content-Length\x01: 5\r\n", "hello"),
       refused(400)},
      {"6.3 a length with a space before its name", post1(" Content-Length: 5\r\n", "hello"), refused(400)},
  };
}

std::vector<Http1Case> codings() {
  return {
      {"6.1 chunked", coded("chunked"), served(200)},
      {"6.1 chunked in any case", coded("cHuNkEd"), served(200)},
      {"6.1 chunked and Content-Length", post1(chunked + "Content-Length: 5\r\n", body), refused(400)},
      {"6.1 Content-Length and chunked", post1("Content-Length: 5\r\n" + chunked, body), refused(400)},
      {"6.1 chunked and Content-Length of 0", post1(chunked + "Content-Length: 0\r\n", body), refused(400)},
      {"6.1 chunked in HTTP/1.0", "POST /hello HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + body,
       refused(400)},
      {"6.1 an unknown coding before chunked", coded("gzip, chunked"), refused(501)},
      {"6.1 an unknown coding before chunked in a line of its own",
       post1("Transfer-Encoding: gzip\r\n" + chunked, body), refused({400, 501})},
      {"6.3 an unknown coding alone", coded("gzip"), refused(400)},
      {"6.3 identity alone", coded("identity"), refused(400)},
      {"6.3 chunked before another coding", coded("chunked, gzip"), refused(400)},
      {"6.3 chunked before identity", coded("chunked, identity"), refused(400)},
      {"6.1 identity before chunked", coded("identity, chunked"), refused({400, 501})},
      {"6.1 chunked twice", coded("chunked, chunked"), refused({400, 501})},
      {"6.1 chunked in two lines", post1(chunked + chunked, body), refused(400)},
      {"6.1 chunked and an empty line of it", post1(chunked + "Transfer-Encoding:\r\n", body),
       refused({400, 501})},
      {"6.1 chunked and something else in two lines", post1(chunked + "Transfer-Encoding: x\r\n", body),
       refused({400, 501})},
      {"6.3 an empty coding", coded(""), refused({400, 501})},
      {"6.3 chunked in quotes", coded("\"chunked\""), refused({400, 501})},
      {"6.3 chunked with a parameter", coded("chunked;q=1"), refused({400, 501})},
      {"6.3 chunked with a letter before it", coded("xchunked"), refused({400, 501})},
      {"6.3 chunked with a letter behind it", coded("chunkedx"), refused({400, 501})},
      {"6.3 chunked with a comma before it", coded(", chunked"), refused({400, 501})},
      {"6.3 chunked with a vertical tab before it", coded("\vchunked"), refused({400, 501})},
      {"6.3 chunked with a form feed behind it", coded("chunked\f"), refused({400, 501})},
      {"6.3 chunked with NUL behind it", coded("chunked\0"sv), refused(400)},
      {"6.3 chunked with a byte beyond ASCII", coded("chunked\xff"), refused({400, 501})},
      {"6.3 chunked folded", post1("Transfer-Encoding:\r\n chunked\r\n", body), refused(400)},
      {"6.3 chunked folded behind another field", post1("X: y\r\n\tTransfer-Encoding: chunked\r\n", body),
       refused(400)},
      {"6.3 chunked behind a bare line feed", post1("X: y\nTransfer-Encoding: chunked\r\n", body),
       refused(400)},
      {"6.3 chunked behind a bare carriage return", post1("X: y\rTransfer-Encoding: chunked\r\n", body),
       refused(400)},
      {"6.3 chunked with a space before the colon", post1("Transfer-Encoding : chunked\r\n", body),
       refused(400)},
      {"6.3 chunked with a space before its name", post1(" Transfer-Encoding: chunked\r\n", body),
       refused(400)},
      {"6.3 chunked with a control character in its name", post1("Transfer\x01-Encoding: chunked\r\n", body),
       refused(400)},
      {"6.3 Transfer_Encoding is another field",
       post1("Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "hello"), served(200)},
  };
}

std::vector<Http1Case> chunks() {
  const auto chunk_size = [](std::string_view size) {
    return chunked1(std::string(size) + "\r\nhello\r\n0\r\n\r\n");
  };
  const auto trailer = [](std::string_view lines) {
    return chunked1("5\r\nhello\r\n0\r\n" + std::string(lines) + "\r\n");
  };
  return {
      {"7.1 no chunk but the last", chunked1("0\r\n\r\n"), served(200)},
      {"7.1 several chunks", chunked1("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n"), served(200)},
      {"7.1 a size in either case", chunked1("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"),
       served(200)},
      {"7.1 a size with leading zeros", chunk_size("00005"), served(200)},
      {"7.1 a last chunk of several zeros", chunked1("000\r\n\r\n"), served(200)},
      {"7.1 a request in a chunk is not a request",
       chunked1("19\r\nGET /nowhere HTTP/1.1\r\nX:\r\n0\r\n\r\n"), served(200)},
      {"7.1 a line break within a chunk", chunked1("7\r\n0\r\n\r\nhi\r\n0\r\n\r\n"), served(200)},
      {"7.1.1 an extension", chunk_size("5;a"), served(200)},
      {"7.1.1 an extension with a value", chunk_size("5;a=b;c=d"), served(200)},
      {"7.1.1 an extension with a quoted value", chunk_size("5;a=\"b;c\""), served(200)},
      {"7.1.1 an extension of the last chunk", chunked1("0;a=b\r\n\r\n"), served(200)},
      {"7.1.2 trailers", trailer("X-Trailer: 1\r\nY: 2\r\n"), served(200)},
      {"7.1.2 a trailer section that is too large by its line feed",
       trailer("A:" + std::string(16'381, 'a') + "\r\nB: b\r\n"), refused(400)},
      {"7.1.2 a trailer with Content-Length", trailer("Content-Length: 50\r\n"), refused(400)},
      {"7.1.2 a trailer with Transfer-Encoding", trailer("Transfer-Encoding: chunked\r\n"), refused(400)},
      {"7.1 a size that is no number", chunk_size("x"), refused(400)},
      {"7.1 an empty size", chunk_size(""), refused(400)},
      {"7.1 an extension without a size", chunk_size(";a"), refused(400)},
      {"7.1 a negative size", chunk_size("-5"), refused(400)},
      {"7.1 a size with a sign", chunk_size("+5"), refused(400)},
      {"7.1 a size with 0x", chunk_size("0x5"), refused(400)},
      {"7.1 a space before the size", chunk_size(" 5"), refused(400)},
      {"7.1 two sizes", chunk_size("5 5"), refused(400)},
      {"7.1 a comma behind the size", chunk_size("5,"), refused(400)},
      {"7.1 NUL behind the size", chunk_size("5\0"sv), refused(400)},
      {"7.1 a size that overflows 64 bits", chunk_size("10000000000000005"), refused({400, 413})},
      {"7.1 the largest size of 64 bits", chunk_size("ffffffffffffffff"), refused({400, 413})},
      {"7.1 a size of a hundred digits", chunk_size(std::string(100, 'f')), refused({400, 413})},
      {"7.1 a chunk longer than its size", chunked1("4\r\nhello\r\n0\r\n\r\n"), refused(400)},
      {"7.1 a chunk shorter than its size", chunked1("6\r\nhello\r\n0\r\n\r\n"), refused(400)},
      {"7.1 no line break behind a chunk", chunked1("5\r\nhello0\r\n\r\n"), refused(400)},
      {"7.1 a bare line feed behind a chunk", chunked1("5\r\nhello\n0\r\n\r\n"), refused(400)},
      {"7.1 a bare carriage return behind a chunk", chunked1("5\r\nhello\r0\r\n\r\n"), refused(400)},
      {"7.1 a bare line feed behind a size", chunked1("5\nhello\r\n0\r\n\r\n"), refused(400)},
      {"7.1 a bare carriage return behind a size", chunked1("5\rhello\r\n0\r\n\r\n"), refused(400)},
      {"7.1 a bare line feed behind the last size", chunked1("0\n\r\n"), refused(400)},
      {"7.1 bare line feeds at the end", chunked1("0\n\n"), refused(400)},
      {"7.1.1 a bare line feed in an extension", chunk_size("5;a\nb"), refused(400)},
      {"7.1.1 a bare carriage return in an extension", chunk_size("5;a\rb"), refused(400)},
      {"7.1.1 a bare line feed in a quoted extension", chunk_size("5;a=\"\nb\""), refused(400)},
      {"7.1.1 a control character in an extension", chunk_size("5;a\x01"), refused(400)},
      {"7.1.1 NUL in an extension", chunk_size("5;a\0"sv), refused(400)},
      {"7.1.1 an extension without end", chunked1("5;" + std::string(100'000, 'a')), refused(400)},
      {"7.1.2 a trailer with a bare line feed", trailer("X: a\n"), refused(400)},
      {"7.1.2 a trailer with a bare carriage return", trailer("X: a\rb\r\n"), refused(400)},
      {"7.1.2 a folded trailer", trailer("X: a\r\n b\r\n"), refused(400)},
      {"7.1.2 a trailer with a space before the colon", trailer("X : a\r\n"), refused(400)},
      {"7.1.2 a trailer without a colon", trailer("X\r\n"), refused(400)},
      {"7.1.2 a trailer with NUL", trailer("X: a\0\r\n"sv), refused(400)},
  };
}

class Smuggling : public Http1Conformance {};
TEST_P(Smuggling, IsRefused) {
  run();
}
INSTANTIATE_TEST_SUITE_P(Lengths, Smuggling, testing::ValuesIn(lengths()), Smuggling::name);
INSTANTIATE_TEST_SUITE_P(Codings, Smuggling, testing::ValuesIn(codings()), Smuggling::name);
INSTANTIATE_TEST_SUITE_P(Chunks, Smuggling, testing::ValuesIn(chunks()), Smuggling::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
