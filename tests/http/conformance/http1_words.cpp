#include "http/conformance/http1_words.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace wheelbarrow::http::conformance {
namespace {

const std::string next = "GET /echo?next HTTP/1.1\r\nHost: next\r\n\r\n";

void expect_next(Http1Conversation& conversation) {
  const std::optional<Http1Response> response = conversation.read_response();
  ASSERT_TRUE(response.has_value()) << "the request behind is not answered";
  EXPECT_EQ(response->body, "GET\n/echo\nnext\nnext\nhttp\n") << "the request behind was not understood";
}

void expect_closing(Http1Conversation& conversation, const Http1Response& response) {
  EXPECT_EQ(response.fields.get("connection"), "close") << "RFC 9112 9.6";
  EXPECT_TRUE(conversation.closes()) << "the connection stays open";
}

}  // namespace

std::string get1(std::string_view lines) {
  return std::string("GET /hello HTTP/1.1\r\nHost: h\r\n").append(lines).append("\r\n");
}

std::string post1(std::string_view lines, std::string_view body) {
  return std::string("POST /hello HTTP/1.1\r\nHost: h\r\n").append(lines).append("\r\n").append(body);
}

std::string chunked1(std::string_view body, std::string_view lines) {
  return post1("Transfer-Encoding: chunked\r\n" + std::string(lines), body);
}

Http1Steps refused(unsigned status) {
  return refused({status});
}

Http1Steps refused(std::initializer_list<unsigned> statuses) {
  return check1([statuses = std::vector<unsigned>(statuses)](Http1Conversation& conversation) {
    conversation.send(next);
    const std::optional<Http1Response> response = conversation.read_response();
    ASSERT_TRUE(response.has_value()) << "no answer";
    EXPECT_NE(std::ranges::find(statuses, response->status), statuses.end())
        << "answered with " << response->status;
    expect_closing(conversation, *response);
  });
}

Http1Steps served(unsigned status) {
  return check1([status](Http1Conversation& conversation) {
    conversation.send(next);
    const std::optional<Http1Response> response = conversation.read_response();
    ASSERT_TRUE(response.has_value()) << "no answer";
    EXPECT_EQ(response->status, status);
    expect_next(conversation);
  });
}

Http1Steps served(unsigned status, std::string body) {
  return response(status, std::move(body)) + check1([](Http1Conversation& conversation) {
           conversation.send(next);
           expect_next(conversation);
         });
}

Http1Steps served_head(unsigned status) {
  return check1([status](Http1Conversation& conversation) {
    conversation.send(next);
    const std::optional<Http1Response> response = conversation.read_response(true);
    ASSERT_TRUE(response.has_value()) << "no answer";
    EXPECT_EQ(response->status, status);
    expect_next(conversation);
  });
}

Http1Steps served_last(unsigned status) {
  return refused(status);
}

Http1Steps response(unsigned status) {
  return check1([status](Http1Conversation& conversation) {
    const std::optional<Http1Response> response = conversation.read_response();
    ASSERT_TRUE(response.has_value()) << "no answer";
    EXPECT_EQ(response->status, status);
  });
}

Http1Steps response(unsigned status, std::string body) {
  return check1([status, body = std::move(body)](Http1Conversation& conversation) {
    const std::optional<Http1Response> response = conversation.read_response();
    ASSERT_TRUE(response.has_value()) << "no answer";
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, body);
  });
}

Http1Steps hung_up() {
  return check1([](Http1Conversation& conversation) { EXPECT_TRUE(conversation.closes()); });
}

Http1Steps check1(Http1Steps::Step step) {
  return Http1Steps(std::move(step));
}

}  // namespace wheelbarrow::http::conformance
