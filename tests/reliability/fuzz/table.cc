// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Tables in text files: numbers of data sets, and texts of instances.

#include "base/text_table.h"
#include "fuzz.h"
#include "refine/data_columns.h"

LSR_FUZZ(table)
{
  try
    {
      const lsr::TextTable texts(bytes,
                                 "texts",
                                 lsr::TextTable::Content::texts);
      texts.description();
      for (std::size_t i = 0; i < texts.n_rows(); ++i)
        texts.cells(i);
    }
  catch (const lsr::Error &)
    {}

  const lsr::TextTable text(bytes, "data", lsr::TextTable::Content::numbers);
  lsr::DataTable       table;
  table.path      = "data";
  table.names     = text.names();
  table.n_columns = text.n_columns();
  table.values    = text.numbers();
  table.where     = [&](const std::size_t i) { return text.where(i); };
  lsr::describe(table, lsr::find_roles(table, {}));
}
