// The words in which HTTP/1.1 cases are written.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "http/conformance/case.hpp"
#include "http/conformance/http1_conversation.hpp"

namespace wheelbarrow::http::conformance {

using Http1Steps = Steps<Http1Conversation>;
using Http1Case = Case<Http1Conversation>;
using Http1Conformance = Conformance<Http1Conversation>;

// Requests for /hello with these field lines, each with its line end, after "Host: h".
std::string get1(std::string_view lines = {});
std::string post1(std::string_view lines, std::string_view body = {});
std::string chunked1(std::string_view body, std::string_view lines = {});  // a POST in chunks

// Outcomes, and steps that wait for something.

// That status and the end of the connection: a request right behind is not answered.
Http1Steps refused(unsigned status);
Http1Steps refused(std::initializer_list<unsigned> statuses);  // one of them
// That status; the request was understood to its last byte, because one right behind is answered too.
Http1Steps served(unsigned status);
Http1Steps served(unsigned status, std::string body);
// The same for HEAD.
Http1Steps served_head(unsigned status);
// That status, and the end of the connection because the request wanted it.
Http1Steps served_last(unsigned status);
// One response, of several.
Http1Steps response(unsigned status);
Http1Steps response(unsigned status, std::string body);
// No response, and the end of the connection.
Http1Steps hung_up();
Http1Steps check1(Http1Steps::Step step);

}  // namespace wheelbarrow::http::conformance
