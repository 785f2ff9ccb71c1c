// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Modules that are made of data: exported programs, and checkpoints with a
// layout, which is the file "layout", lines "Name: value".

#include <sstream>

#include "base/zip_archive.h"
#include "fuzz.h"
#include "network/read_module.h"

namespace
{
  lsr::NetworkLayout
  read_layout(const std::string &text)
  {
    lsr::NetworkLayout layout;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      {
        const std::size_t colon = std::min(line.find(':'), line.size());
        layout.set(line.substr(0, colon),
                   line.substr(std::min(colon + 1, line.size())));
      }
    return layout;
  }
} // namespace



LSR_FUZZ(model)
{
  auto files = fuzz::files_in(bytes);
  for (const auto &[path, content] : files)
    if (path.find("constants.pkl") != path.npos) // TorchScript is a program
      return;
  const lsr::NetworkLayout layout = read_layout(files["layout"]);
  files.erase("layout");
  lsr::read_module(lsr::make_zip_archive(files), "model", layout, 2, 1);
}
