// RFC 9113 4.3 and RFC 7541: field compression, both ways.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/conformance/http2_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

using namespace std::literals;

// Indexed fields of the static table (RFC 7541 A).
const std::string method_get = "\x82", method_post = "\x83", path_root = "\x84", scheme_http = "\x86";
// :authority h and :path /hello, literal with a name of the static table.
const std::string authority = "\x01\x01h"s, path_hello = "\x04\x06/hello"s;
const std::string hello = method_get + scheme_http + path_hello + authority;
// x: y, into the dynamic table.
const std::string store_x = "\x40\x01x\x01y"s;
// :path /hello, into the dynamic table.
const std::string store_path = "\x44\x06/hello"s;
const std::string newest = "\xbe";  // the dynamic table's first entry

// A GET whose field section goes on with these bytes.
std::string get_and(std::string_view bytes, std::uint32_t stream = 1) {
  return headers(stream, std::string(hello).append(bytes));
}

std::vector<Http2Case> decoding_errors() {
  const Http2Steps refused = connection_error(compression_error);
  return {
      {"7541 6.1 index 0", get_and("\x80"), refused},
      {"7541 2.3.3 an index past the static and the empty dynamic table", get_and(newest), refused},
      {"7541 2.3.3 an index past the dynamic table", get_and(store_x + "\xbf"), refused},
      {"7541 2.3.3 a name's index past the tables", get_and("\x7f\x00\x01y"sv), refused},
      {"7541 5.1 an integer that overflows", get_and("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
       refused},
      {"7541 5.1 an integer that does not end", get_and("\xff\x80"), refused},
      {"7541 5.2 a name longer than the block", get_and("\x00\x05x"sv), refused},
      {"7541 5.2 a value longer than the block", get_and("\x00\x01x\x05y"sv), refused},
      {"7541 5.2 a value that is missing", get_and("\x00\x01x"sv), refused},
      {"7541 5.2 Huffman padding of more than 7 bits", get_and("\x00\x01x\x82\x1f\xff"sv), refused},
      {"7541 5.2 Huffman padding of zeros", get_and("\x00\x01x\x81\x18"sv), refused},
      {"7541 5.2 the Huffman code of EOS", get_and("\x00\x01x\x84\xff\xff\xff\xff"sv), refused},
      {"7541 4.2 a table size update behind a field", get_and("\x20"), refused},
      {"7541 6.3 a table size above the setting", headers(1, "\x3f\xe2\x1f" + hello), refused},
      {"4.3 an error in the second of two frames",
       headers(1, hello, flag::end_stream) + continuation(1, "\x80"), refused},
      {"4.3 an error in trailers", post(1) + trailers(1, "\x80"), refused},
      {"4.3 an error in a request that is malformed too", headers(1, field("Upper", "x") + "\x80"), refused},
      {"4.3 an error in a field block on a closed stream", get(1) + completes(1, 200) + headers(1, "\x80"),
       refused},
  };
}

std::vector<Http2Case> decoding() {
  return {
      {"7541 6.1 fields of the static table", headers(1, method_get + scheme_http + path_root + authority),
       answered(1, 404)},
      {"7541 6.2.1 a literal is stored",
       headers(1, method_get + scheme_http + store_path + authority) +
           headers(3, method_get + scheme_http + newest + authority),
       answered(3, 200, "hello\n")},
      {"7541 6.2.1 a stored field serves within its own block", get_and(store_x + newest), answered(1, 200)},
      {"7541 6.2.2 a literal without indexing is not stored", get(1) + headers(3, hello + newest),
       connection_error(compression_error)},
      {"7541 6.2.3 a literal never indexed", get_and("\x10\x01x\x01y"sv), answered(1, 200)},
      {"7541 6.2.3 a literal never indexed is not stored", get_and("\x10\x01x\x01y"sv) + get_and(newest, 3),
       connection_error(compression_error)},
      {"7541 5.2 a Huffman-coded path",
       headers(1, method_get + scheme_http + "\x04\x85\x62\x72\xd1\x41\xff" + authority),
       answered(1, 200, "hello\n")},
      {"7541 5.1 a length in more bytes than it needs",
       get_and("\x00\x01x\x7f\x80\x80\x00"s + std::string(127, 'y')), answered(1, 200)},
      {"7541 4.2 a table size update at the start", headers(1, "\x20" + hello), answered(1, 200)},
      {"7541 4.2 two table size updates at the start", headers(1, "\x20\x3f\xe1\x1f" + hello),
       answered(1, 200)},
      {"7541 4.3 a table size of 0 empties the table", get_and(store_x) + headers(3, "\x20" + hello + newest),
       connection_error(compression_error)},
      {"7541 4.4 an entry larger than the table empties it",
       headers(1, "\x3f\x21" + hello + store_x + "\x40\x01x\x7f\x01"s + std::string(128, 'y') + newest),
       connection_error(compression_error)},
      {"4.3 the table outlives a malformed request",
       headers(1, hello + field("Upper", "x") + store_path) +
           headers(3, method_get + scheme_http + newest + authority),
       answered(3, 200, "hello\n")},
      {"4.3 the table outlives a request that is reset",
       headers(1, method_get + scheme_http + store_path + authority, flag::end_headers) + reset(1) +
           headers(3, method_get + scheme_http + newest + authority),
       answered(3, 200, "hello\n")},
      {"4.3 trailers take part in the table", post(1) + trailers(1, store_x) + headers(3, hello + newest),
       answered(3, 200)},
      {"5.1 field blocks on a closed stream take part in the table",
       get(1) + completes(1, 200) + headers(1, store_x) + headers(3, hello + newest), answered(3, 200)},
  };
}

// Checks the field section of a response as it came.
Http2Steps encoded(std::uint32_t stream, const std::function<bool(const std::string& block)>& is_right) {
  return completes(stream, 200) + check([stream, is_right](Http2Conversation& conversation) {
           EXPECT_TRUE(is_right(conversation.response(stream).block));
         });
}

std::vector<Http2Case> encoding() {
  const auto begins_with = [](std::string_view start) {
    return [start](const std::string& block) { return block.starts_with(start); };
  };
  // :status 200, and no field of the dynamic table: the same fields take the same bytes again.
  const auto repeats = check([](Http2Conversation& conversation) {
    const std::size_t first = conversation.response(1).block.size();
    EXPECT_EQ(conversation.response(3).block.size(), first - 1) << "the size update is said once";
  });
  return {
      {"7541 4.2 a table size of 0 is confirmed", with({{header_table_size, 0}}) + get(1),
       encoded(1, begins_with("\x20"))},
      {"7541 4.2 a table size of 0 is kept",
       with({{header_table_size, 0}}) + get(1) + completes(1, 200) + get(3), completes(3, 200) + repeats},
      {"7541 4.2 the lowest of several table sizes is confirmed",
       with({{header_table_size, 0}, {header_table_size, 4096}}) + get(1),
       encoded(1, begins_with("\x20\x3f"))},
      {"7541 4.2 a lower table size is confirmed",
       get(1) + completes(1, 200) + settings({{header_table_size, 64}}) + get(3),
       encoded(3, begins_with("\x3f\x21"))},
      {"7541 4.2 a larger table size needs no confirmation", with({{header_table_size, 65'536}}) + get(1),
       answered(1, 200)},
      {"7541 4.2 the largest table size", with({{header_table_size, 0xffff'ffff}}) + get(1),
       answered(1, 200)},
  };
}

class Hpack : public Http2Conformance {};
TEST_P(Hpack, Conforms) {
  run();
}
INSTANTIATE_TEST_SUITE_P(DecodingErrors, Hpack, testing::ValuesIn(decoding_errors()), Hpack::name);
INSTANTIATE_TEST_SUITE_P(Decoding, Hpack, testing::ValuesIn(decoding()), Hpack::name);
INSTANTIATE_TEST_SUITE_P(Encoding, Hpack, testing::ValuesIn(encoding()), Hpack::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
