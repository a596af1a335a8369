#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/sha256.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

int connect_to(unsigned short port) {
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(client, generic, sizeof address) == 0 ? client : -1;
}

// A TLS client that blocks, on a socket of its own.
class TlsClient {
 public:
  TlsClient(unsigned short port, int version, const char* suites) : socket_(connect_to(port)) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    if (suites != nullptr) SSL_CTX_set_ciphersuites(context_.get(), suites);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_);
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  ~TlsClient() { ::close(socket_); }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool connected() const { return connected_; }
  std::string suite() const { return SSL_get_cipher_name(ssl_.get()); }
  SSL* ssl() { return ssl_.get(); }

  void send(const std::string& text) {
    ASSERT_EQ(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
  }
  // Everything until the server ends the connection; what SSL_get_error() says then is in end().
  std::string read_all() {
    std::string all;
    std::string piece(65'536, '\0');
    while (true) {
      const int size = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
      if (size <= 0) {
        end_ = SSL_get_error(ssl_.get(), size);
        return all;
      }
      all.append(piece, 0, static_cast<std::size_t>(size));
    }
  }
  // One response with a body of that size.
  std::string read_body(std::size_t size) {
    std::string all;
    char byte = 0;
    while (!all.ends_with("\r\n\r\n") && SSL_read(ssl_.get(), &byte, 1) == 1) {
      all += byte;
    }
    std::string body;
    while (body.size() < size && SSL_read(ssl_.get(), &byte, 1) == 1) {
      body += byte;
    }
    return body;
  }
  int end() const { return end_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  int socket_;
  std::unique_ptr<SSL_CTX, Free> context_{SSL_CTX_new(TLS_client_method())};
  std::unique_ptr<SSL, Free> ssl_;
  bool connected_ = false;
  int end_ = SSL_ERROR_NONE;
};

std::string get(const std::string& path, bool last) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + (last ? "Connection: close\r\n" : "") + "\r\n";
}

struct Suite {
  int version;
  const char* name;
};

class Tls : public testing::TestWithParam<Suite> {
 protected:
  TestServer server_{{.tls = true}};
  unsigned short port() { return server_.server().tls_endpoints().at(0).port(); }
};

TEST_P(Tls, SendsALargeBodyAndSaysThatItEnds) {
  TlsClient client(port(), GetParam().version, GetParam().name);
  ASSERT_TRUE(client.connected());
  if (GetParam().name != nullptr) {
    EXPECT_EQ(client.suite(), GetParam().name);
  }
  client.send(get("/rope", true));
  const std::string response = client.read_all();
  const std::string body = response.substr(response.find("\r\n\r\n") + 4);
  EXPECT_EQ(sha256(body).hex(), TestServer::rope_hash());
  EXPECT_EQ(client.end(), SSL_ERROR_ZERO_RETURN) << "no close_notify";
}

INSTANTIATE_TEST_SUITE_P(Suites, Tls,
                         testing::Values(Suite{TLS1_2_VERSION, nullptr},
                                         Suite{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
                                         Suite{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
                                         Suite{TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256"}),
                         [](const auto& suite) {
                           return suite.param.name != nullptr ? std::string(suite.param.name) : "TLS_1_2";
                         });

class Tls13 : public Tls {};

// RFC 8446 4.6.3: a client may change its keys, and ask the server to change its own, as often as it likes.
TEST_P(Tls13, FollowsKeyUpdates) {
  TlsClient client(port(), TLS1_3_VERSION, GetParam().name);
  ASSERT_TRUE(client.connected());
  for (const int update :
       {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    ASSERT_EQ(SSL_key_update(client.ssl(), update), 1);
    client.send(get("/hello", false));
    EXPECT_EQ(client.read_body(6), "hello\n");
  }
  client.send(get("/rope", true));
  const std::string response = client.read_all();
  EXPECT_EQ(sha256(response.substr(response.find("\r\n\r\n") + 4)).hex(), TestServer::rope_hash());
  EXPECT_EQ(client.end(), SSL_ERROR_ZERO_RETURN);
}

// The alert that tells why goes out under the right keys, or the client would see a broken record instead.
TEST_P(Tls13, AnswersABrokenRecordWithItsAlert) {
  TlsClient client(port(), TLS1_3_VERSION, GetParam().name);
  ASSERT_TRUE(client.connected());
  client.send(get("/hello", false));
  EXPECT_EQ(client.read_body(6), "hello\n");
  const std::string broken = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  ASSERT_EQ(::send(SSL_get_fd(client.ssl()), broken.data(), broken.size(), 0), 37);
  ERR_clear_error();
  client.read_all();
  EXPECT_EQ(client.end(), SSL_ERROR_SSL);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
}

INSTANTIATE_TEST_SUITE_P(Suites, Tls13,
                         testing::Values(Suite{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
                                         Suite{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
                                         Suite{TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256"}),
                         [](const auto& suite) { return std::string(suite.param.name); });

}  // namespace
}  // namespace wheelbarrow::http
