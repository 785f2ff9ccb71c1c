// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Refined networks and checkpoints of iterations, by the files in their
// archives; the list of them gets the checksums that they have.

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "base/zip_archive.h"
#include "fuzz.h"
#include "network/refined_file.h"

LSR_FUZZ(refined)
{
  auto       files = fuzz::files_in(bytes);
  const auto index = files.find("lsr.json");
  if (index != files.end())
    {
      auto json = nlohmann::ordered_json::parse(index->second, nullptr, false);
      if (json.is_object() && json.contains("files") &&
          json["files"].is_object())
        {
          for (auto &[path, checksum] : json["files"].items())
            if (files.count(path) > 0)
              checksum = lsr::sha256(files[path]);
          index->second = json.dump(
            -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
        }
    }
  if (const auto file =
        lsr::RefinedFile::read(lsr::make_zip_archive(files), "refined"))
    file->check({}, "", {});
}
