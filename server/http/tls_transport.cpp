#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "http/tls.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;

// OpenSSL's own memory BIO would do, but it copies each way once more and clears its memory on every reset.
const BIO_METHOD* TlsTransport::bio_method() {
  struct Method {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wheelbarrow");
    Method() {
      BIO_meth_set_read(method, &TlsTransport::bio_read);
      BIO_meth_set_write(method, &TlsTransport::bio_write);
      BIO_meth_set_ctrl(method, &TlsTransport::bio_control);
    }
    Method(const Method&) = delete;
    Method& operator=(const Method&) = delete;
    ~Method() { BIO_meth_free(method); }
  };
  static const Method instance;
  return instance.method;
}

int TlsTransport::bio_read(BIO* bio, char* data, int size) {
  auto& self = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.incoming_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t length = std::min(self.incoming_.size(), static_cast<std::size_t>(size));
  std::memcpy(data, self.incoming_.data(), length);
  self.incoming_.remove_prefix(length);
  return static_cast<int>(length);
}

int TlsTransport::bio_write(BIO* bio, const char* data, int size) {
  auto& self = *static_cast<TlsTransport*>(BIO_get_data(bio));
  self.made_->append(data, static_cast<std::size_t>(size));
  return size;
}

long TlsTransport::bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

TlsTransport::TlsTransport(Socket socket, Scratch& scratch, SSL_CTX& context)
    : Transport(std::move(socket), scratch), ssl_(SSL_new(&context)) {
  BIO* bio = ssl_ ? BIO_new(bio_method()) : nullptr;
  if (bio == nullptr) {
    ended_ = true;
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // takes the BIO
  SSL_set_accept_state(ssl_.get());
}

asio::awaitable<bool> TlsTransport::handshake() {
  while (!ended_) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    const int reason = SSL_get_error(ssl_.get(), result);
    // Application data may follow the client's last flight in the same segment.
    held_ = incoming_;
    incoming_ = {};
    const bool sent = co_await flush();
    if (!sent) co_return false;
    if (result == 1) co_return true;
    if (reason != SSL_ERROR_WANT_READ) co_return false;
    incoming_ = co_await receive();
    if (incoming_.empty()) co_return false;
  }
  co_return false;
}

bool TlsTransport::chose_http2() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return std::string_view(reinterpret_cast<const char*>(name), length) == "h2";
}

std::string_view TlsTransport::decrypt() {
  auto& plain = scratch().decrypted;
  std::size_t size = 0;
  while (size < plain.size()) {
    ERR_clear_error();
    const int result = SSL_read(ssl_.get(), plain.data() + size, static_cast<int>(plain.size() - size));
    if (result > 0) {
      size += static_cast<std::size_t>(result);
      continue;
    }
    // Anything but "more, please" is the client's close_notify or a broken record.
    if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) ended_ = true;
    break;
  }
  return {plain.data(), size};
}

asio::awaitable<std::string_view> TlsTransport::read() {
  if (!held_.empty()) {
    incoming_ = held_;
    const std::string_view plain = decrypt();
    held_.clear();
    held_.shrink_to_fit();
    if (!plain.empty()) co_return plain;
  }
  while (!ended_) {
    incoming_ = co_await receive();
    if (incoming_.empty()) break;
    const std::string_view plain = decrypt();
    if (!plain.empty()) co_return plain;
  }
  co_return std::string_view{};
}

bool TlsTransport::encrypt(std::string_view bytes) {
  if (bytes.empty()) return true;
  ERR_clear_error();
  return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
}

// Pieces are joined into full records: a frame header alone in a record would cost 29 bytes and a GCM set-up.
asio::awaitable<bool> TlsTransport::write(std::span<const asio::const_buffer> buffers) {
  auto& record = scratch().record;
  std::string& encrypted = scratch().encrypted;
  encrypted.assign(outgoing_);  // an alert or a key update that reading has led to
  outgoing_.clear();
  made_ = &encrypted;
  std::size_t filled = 0;
  bool good = true;
  for (const asio::const_buffer& buffer : buffers) {
    std::string_view rest(static_cast<const char*>(buffer.data()), buffer.size());
    while (!rest.empty() && good) {
      if (filled == 0 && rest.size() >= record.size()) {
        good = encrypt(rest.substr(0, record.size()));
        rest.remove_prefix(record.size());
        continue;
      }
      const std::size_t length = std::min(rest.size(), record.size() - filled);
      std::memcpy(record.data() + filled, rest.data(), length);
      filled += length;
      rest.remove_prefix(length);
      if (filled == record.size()) {
        good = encrypt({record.data(), filled});
        filled = 0;
      }
    }
  }
  good = good && encrypt({record.data(), filled});
  made_ = &outgoing_;
  if (!good) co_return false;
  const std::optional<std::size_t> sent = send_now(encrypted);
  if (!sent) co_return false;
  // Only what a slow client leaves behind needs memory of its own.
  outgoing_.append(encrypted, *sent);
  co_return co_await flush();
}

asio::awaitable<bool> TlsTransport::flush() {
  if (outgoing_.empty()) co_return true;
  const std::string bytes = std::exchange(outgoing_, {});
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  co_return co_await send({&buffer, 1});
}

asio::awaitable<void> TlsTransport::end_writing() {
  if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // close_notify
    co_await flush();
  }
  co_await Transport::end_writing();
}

}  // namespace wheelbarrow::http
