// RFC 9112 2 to 5: lines, the request line, and fields. What could be read in two ways is refused.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/conformance/http1_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

using namespace std::literals;

// A GET with this request line.
std::string line(std::string_view request_line) {
  return std::string(request_line) + "\r\nHost: h\r\n\r\n";
}

std::vector<Http1Case> lines() {
  return {
      {"2.2 a bare line feed after the request line", "GET /hello HTTP/1.1\nHost: h\r\n\r\n"s, refused(400)},
      {"2.2 bare line feeds throughout", "GET /hello HTTP/1.1\nHost: h\n\n"s, refused(400)},
      {"2.2 a bare line feed after a field", get1("X: a\n"), refused(400)},
      {"2.2 a bare line feed in a field value", get1("X: a\nY: b\r\n"), refused(400)},
      {"2.2 a bare line feed at the end of the head", "GET /hello HTTP/1.1\r\nHost: h\r\n\n"s, refused(400)},
      {"2.2 a bare carriage return in the request line", line("GET /hello\rHTTP/1.1"), refused(400)},
      {"2.2 a bare carriage return in a field value", get1("X: a\rb\r\n"), refused(400)},
      {"2.2 a bare carriage return in a field name", get1("X\r: a\r\n"), refused(400)},
      {"2.2 two carriage returns before a line feed", get1("X: a\r\r\n"), refused(400)},
      {"2.2 an empty line before the request line", "\r\n" + get1(), served(200)},
      {"2.2 empty lines before the request line", "\r\n\r\n\r\n" + get1(), served(200)},
      {"2.2 whitespace before the first field", "GET /hello HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n"s,
       refused(400)},
      {"2.2 a tab before the first field", "GET /hello HTTP/1.1\r\n\tX: a\r\nHost: h\r\n\r\n"s, refused(400)},
      {"2.2 whitespace before the request line", " " + get1(), refused(400)},
      {"3 no version", line("GET /hello"), refused(400)},
      {"3 no target", line("GET HTTP/1.1"), refused({400, 505})},
      {"3 a method alone", "GET\r\n\r\n"s, refused(400)},
      {"3 two spaces after the method", line("GET  /hello HTTP/1.1"), refused(400)},
      {"3 two spaces after the target", line("GET /hello  HTTP/1.1"), refused({400, 505})},
      {"3 a tab after the target", line("GET /hello\tHTTP/1.1"), refused(400)},
      {"3 a space after the version", line("GET /hello HTTP/1.1 "), refused({400, 505})},
      {"3 more after the version", line("GET /hello HTTP/1.1 HTTP/1.1"), refused({400, 505})},
      {"3.1 a method that is no token", line("G@T /hello HTTP/1.1"), refused(400)},
      {"3.1 an empty method", line(" /hello HTTP/1.1"), refused(400)},
      {"3.1 an unknown method", line("BREW /hello HTTP/1.1"), served(200)},
      {"2.3 HTTP/2.0", line("GET /hello HTTP/2.0"), refused(505)},
      {"2.3 HTTP/0.9", line("GET /hello HTTP/0.9"), refused(505)},
      {"2.3 a version in lower case", line("GET /hello http/1.1"), refused({400, 505})},
      {"2.3 a version without a minor number", line("GET /hello HTTP/1"), refused({400, 505})},
      {"2.3 a version with too many digits", line("GET /hello HTTP/1.10"), refused({400, 505})},
      {"2.3 a version with a comma", line("GET /hello HTTP/1,1"), refused({400, 505})},
      {"3 a target without end", "GET /" + std::string(40'000, 'a'), refused(414)},
      {"5 a head without end", "GET / HTTP/1.1\r\nX: " + std::string(70'000, 'a'), refused(431)},
  };
}

std::vector<Http1Case> targets() {
  const auto echo = [](const std::string& query, const std::string& host) {
    return served(200, "GET\n/echo\n" + query + "\n" + host + "\nhttp\n");
  };
  return {
      {"3.2.1 origin-form with a query", line("GET /echo?a=b&c HTTP/1.1"), echo("a=b&c", "h")},
      {"3.2.1 a target without a slash", line("GET hello HTTP/1.1"), refused(400)},
      {"3.2 a fragment in the target", line("GET /hello#x HTTP/1.1"), refused(400)},
      {"3.2 a control character in the target", line("GET /h\x01 HTTP/1.1"), refused(400)},
      {"3.2 NUL in the target", line("GET /h\0 HTTP/1.1"sv), refused(400)},
      {"3.2 a byte beyond ASCII in the target", line("GET /h\xc3\xa9 HTTP/1.1"), refused(400)},
      {"3.2.2 absolute-form", line("GET http://h/echo HTTP/1.1"), echo("", "h")},
      {"3.2.2 absolute-form outweighs Host", line("GET http://other:8080/echo?x HTTP/1.1"),
       echo("x", "other:8080")},
      {"3.2.2 absolute-form with an upper case scheme", line("GET HTTP://other/echo HTTP/1.1"),
       echo("", "other")},
      {"3.2.2 absolute-form without a path", line("GET http://other HTTP/1.1"), served(404)},
      {"3.2.2 absolute-form without a host", line("GET http:///echo HTTP/1.1"), refused(400)},
      {"3.2.2 absolute-form with user information", line("GET http://u@h/echo HTTP/1.1"), refused(400)},
      {"3.2.2 absolute-form of another scheme", line("GET ftp://h/echo HTTP/1.1"), refused(400)},
      {"3.2.2 absolute-form needs Host too", "GET http://h/echo HTTP/1.1\r\n\r\n"s, refused(400)},
      {"3.2.3 authority-form for CONNECT", line("CONNECT h:443 HTTP/1.1"), refused({400, 405, 501})},
      {"3.2.3 authority-form for GET", line("GET h:443 HTTP/1.1"), refused(400)},
      {"3.2.4 asterisk-form for OPTIONS", line("OPTIONS * HTTP/1.1"), served(204)},
      {"3.2.4 asterisk-form for GET", line("GET * HTTP/1.1"), refused(400)},
  };
}

std::vector<Http1Case> fields() {
  const std::string request = "GET /hello HTTP/1.1\r\n";
  return {
      {"3.2 no Host", request + "\r\n", refused(400)},
      {"3.2 two Hosts", get1("Host: other\r\n"), refused(400)},
      {"3.2 two equal Hosts", get1("Host: h\r\n"), refused(400)},
      {"3.2 two Hosts in different case", get1("HOST: h\r\n"), refused(400)},
      {"3.2 an empty Host", request + "Host:\r\n\r\n", refused(400)},
      {"3.2 Host with a space", request + "Host: a b\r\n\r\n", refused(400)},
      {"3.2 Host with a path", request + "Host: h/x\r\n\r\n", refused(400)},
      {"3.2 Host with user information", request + "Host: u@h\r\n\r\n", refused(400)},
      {"3.2 Host with a list", request + "Host: a, b\r\n\r\n", refused(400)},
      {"3.2 Host with a port", request + "Host: h:8080\r\n\r\n", served(200)},
      {"3.2 Host with an IPv6 address", request + "Host: [::1]:8080\r\n\r\n", served(200)},
      {"3.2 HTTP/1.0 without Host", "GET /hello HTTP/1.0\r\n\r\n"s, served_last(200)},
      {"5.1 a name in any case and whitespace around the value", request + "hOsT:\t h \t\r\n\r\n",
       served(200)},
      {"5.1 no whitespace before the value", request + "Host:h\r\n\r\n", served(200)},
      {"5.1 an empty value", get1("X:\r\n"), served(200)},
      {"5.1 a value beyond ASCII", get1("X: \xc3\xa9\xff\r\n"), served(200)},
      {"5.1 a space before the colon", get1("X : a\r\n"), refused(400)},
      {"5.1 a tab before the colon", get1("X\t: a\r\n"), refused(400)},
      {"5 a line without a colon", get1("X\r\n"), refused(400)},
      {"5 an empty name", get1(": a\r\n"), refused(400)},
      {"5 a name with a space", get1("X Y: a\r\n"), refused(400)},
      {"5 a name that is no token", get1("X(Y): a\r\n"), refused(400)},
      {"5 a name with NUL", get1("X\0: a\r\n"sv), refused(400)},
      {"5 a name beyond ASCII", get1("X\xe9: a\r\n"), refused(400)},
      {"9110 5.5 a value with NUL", get1("X: a\0b\r\n"sv), refused(400)},
      {"9110 5.5 a value with a control character", get1("X: a\x01\r\n"), refused(400)},
      {"9110 5.5 a value with DEL", get1("X: a\x7f\r\n"), refused(400)},
      {"5.2 a folded line with a space", get1("X: a\r\n b\r\n"), refused(400)},
      {"5.2 a folded line with a tab", get1("X: a\r\n\tb\r\n"), refused(400)},
      {"5.2 a folded line that is blank", get1("X: a\r\n \r\n"), refused(400)},
      {"5.2 a folded Host", request + "Host:\r\n h\r\n\r\n", refused(400)},
  };
}

class Http1Framing : public Http1Conformance {};
TEST_P(Http1Framing, Conforms) {
  run();
}
INSTANTIATE_TEST_SUITE_P(Lines, Http1Framing, testing::ValuesIn(lines()), Http1Framing::name);
INSTANTIATE_TEST_SUITE_P(Targets, Http1Framing, testing::ValuesIn(targets()), Http1Framing::name);
INSTANTIATE_TEST_SUITE_P(Fields, Http1Framing, testing::ValuesIn(fields()), Http1Framing::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
