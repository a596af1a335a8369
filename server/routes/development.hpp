// What a server for one developer does differently: its answers are made of what is there now, pages may be
// isolated, and load themselves again when something has changed.
#pragma once

#include <filesystem>

#include "http/server.hpp"
#include "routes/context.hpp"

namespace wheelbarrow::routes::development {

// With Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy (HTML, "Cross-origin opener policies").
http::Answer isolated(http::Answer answer);

// Afterwards the catalog is that of the folders as they are now.
boost::asio::awaitable<Result<bool>> look_again(const Context& context);

// An HTML file of a mount with the module at its end that loads the page again, once `changes` answers
// something else than it would have when the file was read.
Awaitable live_page(const Context& context, const http::Request& request, const std::filesystem::path& file);

// At changes_path: one word that is another after a file of a mount, or a wheel, has changed. Looks at
// the files' stamps, at no more than 20'000, and at none that is hidden or in node_modules or __pycache__.
Awaitable changes(const Context& context);

}  // namespace wheelbarrow::routes::development
