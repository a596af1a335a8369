#include "http/proxy_protocol.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <tuple>

namespace wheelbarrow::http {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;

namespace {

using State = ProxyHeader::State;

constexpr std::string_view v1_begin = "PROXY ";
constexpr std::size_t v1_longest = 107;  // with its line break

constexpr std::string_view v2_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t v2_fixed = 16;  // signature, version and command, family and protocol, length

constexpr ProxyHeader malformed{.state = State::malformed};

// The text before the next space, which is taken off with it; nothing if there is none.
std::optional<std::string_view> take_word(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view word = rest.substr(0, space);
  rest.remove_prefix(space + 1);
  return word;
}

// Decimal without leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return port;
}

std::optional<ip::address> parse_address(std::string_view text, bool is_v6) {
  // A scope means nothing on another machine.
  if (text.find('%') != std::string_view::npos) return std::nullopt;
  boost::system::error_code error;
  ip::address address = ip::make_address(text, error);
  if (error || address.is_v6() != is_v6) return std::nullopt;
  return address;
}

// "TCP4 192.0.2.1 192.0.2.2 56324 443", the line after "PROXY ".
std::optional<ip::tcp::endpoint> parse_line(std::string_view line) {
  const auto family = take_word(line);
  if (family != "TCP4" && family != "TCP6") return std::nullopt;
  const bool is_v6 = family == "TCP6";
  const auto from = take_word(line);
  const auto to = take_word(line);
  const auto from_port = take_word(line);
  if (!from || !to || !from_port) return std::nullopt;
  const auto client = parse_address(*from, is_v6);
  const auto port = parse_port(*from_port);
  if (!client || !port || !parse_address(*to, is_v6) || !parse_port(line)) return std::nullopt;
  return ip::tcp::endpoint(*client, *port);
}

ProxyHeader parse_v1(std::string_view received) {
  const std::size_t end = received.substr(0, v1_longest).find_first_of("\r\n");
  if (end == std::string_view::npos) return received.size() < v1_longest ? ProxyHeader{} : malformed;
  if (received[end] == '\n' || end + 2 > v1_longest) return malformed;
  if (end + 1 == received.size()) return {};
  if (received[end + 1] != '\n') return malformed;
  const std::string_view line = received.substr(v1_begin.size(), end - v1_begin.size());
  ProxyHeader header{.state = State::complete, .size = end + 2};
  // What follows UNKNOWN is to be ignored.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return header;
  header.client = parse_line(line);
  return header.client ? header : malformed;
}

std::uint8_t byte_at(std::string_view bytes, std::size_t place) {
  return static_cast<std::uint8_t>(bytes[place]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t place) {
  return static_cast<std::uint16_t>(byte_at(bytes, place) << 8 | byte_at(bytes, place + 1));
}

template <class Address>
Address address_at(std::string_view bytes, std::size_t place) {
  typename Address::bytes_type raw;
  std::ranges::copy(bytes.substr(place, raw.size()), reinterpret_cast<char*>(raw.data()));
  return Address(raw);
}

// CRC-32C (RFC 3385 names the polynomial), bit by bit: a header is short and comes once per connection.
std::uint32_t crc32c(std::uint32_t crc, std::uint8_t byte) {
  constexpr std::uint32_t polynomial = 0x82F63B78;
  crc ^= byte;
  for (int bit = 0; bit < 8; ++bit) {
    crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
  }
  return crc;
}

// Of the whole header with zeros in the place of the checksum, which has four bytes.
bool checksum_holds(std::string_view header, std::size_t place) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (std::size_t i = 0; i < header.size(); ++i) {
    crc = crc32c(crc, i >= place && i < place + 4 ? 0 : byte_at(header, i));
  }
  const auto sent = static_cast<std::uint32_t>(number_at(header, place)) << 16 | number_at(header, place + 2);
  return ~crc == sent;
}

// Type-length-value fields from `place` to the header's end. False if they don't add up.
bool read_fields(std::string_view header, std::size_t place, ProxyHeader& into) {
  constexpr std::uint8_t type_crc32c = 0x03;
  constexpr std::uint8_t type_ssl = 0x20;
  constexpr std::size_t ssl_fixed = 5;       // client, verify
  constexpr std::uint8_t client_ssl = 0x01;  // the client connected over TLS
  while (place < header.size()) {
    if (header.size() - place < 3) return false;
    const std::uint8_t type = byte_at(header, place);
    const std::size_t length = number_at(header, place + 1);
    place += 3;
    if (header.size() - place < length) return false;
    if (type == type_crc32c && (length != 4 || !checksum_holds(header, place))) return false;
    if (type == type_ssl) {
      if (length < ssl_fixed) return false;
      into.secure = (byte_at(header, place) & client_ssl) != 0;
    }
    place += length;
  }
  return true;
}

ProxyHeader parse_v2(std::string_view received) {
  constexpr std::size_t v4_size = 12;  // two addresses, two ports
  constexpr std::size_t v6_size = 36;
  constexpr std::size_t unix_size = 216;
  if (received.size() < v2_fixed) return {};
  const std::size_t size = v2_fixed + number_at(received, 14);
  const std::uint8_t version_command = byte_at(received, 12);
  const bool is_local = version_command == 0x20;
  if ((!is_local && version_command != 0x21) || size > max_proxy_header) return malformed;
  const std::uint8_t family = byte_at(received, 13);
  // TCP over IPv4, IPv6, a Unix stream, or unspecified.
  if (family != 0x11 && family != 0x21 && family != 0x31 && family != 0x00 && !is_local) return malformed;
  if (received.size() < size) return {};
  const std::string_view header = received.substr(0, size);
  ProxyHeader result{.state = State::complete, .size = size};
  if (is_local || family == 0x00) return result;  // the rest is to be skipped
  const std::size_t addresses = family == 0x11 ? v4_size : family == 0x21 ? v6_size : unix_size;
  if (size - v2_fixed < addresses) return malformed;
  if (family == 0x11) {
    result.client = {address_at<ip::address_v4>(header, v2_fixed), number_at(header, v2_fixed + 8)};
  } else if (family == 0x21) {
    result.client = {address_at<ip::address_v6>(header, v2_fixed), number_at(header, v2_fixed + 32)};
  }
  return read_fields(header, v2_fixed + addresses, result) ? result : malformed;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view received) {
  const auto begins = [received](std::string_view mark) {
    return received.substr(0, mark.size()) == mark.substr(0, received.size());
  };
  if (begins(v1_begin)) return received.size() < v1_begin.size() ? ProxyHeader{} : parse_v1(received);
  if (begins(v2_signature)) return parse_v2(received);
  return malformed;
}

asio::awaitable<ProxyHeader> read_proxy_header(Socket& socket) {
  std::array<char, max_proxy_header> bytes{};
  std::size_t taken = 0;
  boost::system::error_code error;
  std::ignore = socket.non_blocking(true, error);
  while (true) {
    co_await socket.async_wait(asio::socket_base::wait_read,
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return malformed;
    // Looked at first and taken off after: what follows the header is the client's.
    char* const next = bytes.data() + taken;
    const ssize_t seen = ::recv(socket.native_handle(), next, bytes.size() - taken, MSG_PEEK);
    if (seen < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (seen <= 0) co_return malformed;
    const std::size_t there = taken + static_cast<std::size_t>(seen);
    const ProxyHeader header = parse_proxy_header({bytes.data(), there});
    if (header.state == State::malformed) co_return header;
    const std::size_t wanted = header.state == State::complete ? header.size : there;
    if (::recv(socket.native_handle(), next, wanted - taken, 0) != static_cast<ssize_t>(wanted - taken))
      co_return malformed;
    if (header.state == State::complete) co_return header;
    taken = wanted;
  }
}

}  // namespace wheelbarrow::http
