// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Texts in parameter files that deal.II leaves to us: boundary conditions, and
// the expressions in them.

#include <lsr/fe/expression.h>

#include <deal.II/base/exceptions.h>

#include "fuzz.h"

LSR_FUZZ(parameters)
{
  try
    {
      for (const auto &[id, texts] :
           lsr::parse_boundary_expressions(bytes, "Boundary", 2))
        for (const std::string &text : texts)
          lsr::Expression<2>(text, "boundary");
    }
  catch (const dealii::ExceptionBase &exception)
    {
      exception.what();
    }
}
