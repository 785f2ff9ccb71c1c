// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/residual_norm.h>

#include <deal.II/base/exceptions.h>

namespace lsr
{
  std::string
  to_string(const ResidualNorm norm)
  {
    switch (norm)
      {
        case ResidualNorm::l2:
          return "l2";
        case ResidualNorm::mass:
          return "mass";
        case ResidualNorm::dual:
          return "dual";
        default:
          return "sobolev";
      }
  }



  ResidualNorm
  residual_norm(const std::string &name)
  {
    for (const ResidualNorm norm : {ResidualNorm::l2,
                                    ResidualNorm::mass,
                                    ResidualNorm::dual,
                                    ResidualNorm::sobolev})
      if (to_string(norm) == name)
        return norm;
    AssertThrow(false,
                dealii::ExcMessage("There is no residual norm '" + name +
                                   "', expected l2, mass, dual or sobolev."));
    return ResidualNorm::l2;
  }
} // namespace lsr
