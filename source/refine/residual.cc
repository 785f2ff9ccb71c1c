// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/refine/residual.h>

namespace lsr
{
  Block
  Residual::riesz(const Block &, const Block &)
  {
    throw Error("this residual has a Euclidean norm and no Riesz map");
  }
} // namespace lsr
