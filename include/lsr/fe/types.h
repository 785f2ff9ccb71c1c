// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_types_h
#define lsr_fe_types_h

#include <deal.II/lac/la_parallel_vector.h>

namespace lsr
{
  /// A finite-element field or residual: one number for each degree of freedom,
  /// distributed over the ranks like the degrees of freedom.
  using FEVector = dealii::LinearAlgebra::distributed::Vector<double>;
} // namespace lsr

#endif
