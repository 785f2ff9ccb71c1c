// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/residual_norm.h>

#include <deal.II/base/exceptions.h>

namespace lsr
{
  std::string
  to_string(const ResidualNorm norm)
  {
    return norm == ResidualNorm::l2   ? "l2" :
           norm == ResidualNorm::mass ? "mass" :
                                        "dual";
  }



  ResidualNorm
  residual_norm(const std::string &name)
  {
    for (const ResidualNorm norm :
         {ResidualNorm::l2, ResidualNorm::mass, ResidualNorm::dual})
      if (to_string(norm) == name)
        return norm;
    AssertThrow(false,
                dealii::ExcMessage("There is no residual norm '" + name +
                                   "', expected l2, mass or dual."));
    return ResidualNorm::l2;
  }
} // namespace lsr
