// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_quadrature_h
#define lsr_fe_quadrature_h

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/grid/reference_cell.h>

namespace lsr
{
  /// A formula for cells of @p kind that is exact for polynomials of degree
  /// 2n-1. deal.II's own choice for simplices is not for n = 2.
  template <int dim>
  dealii::Quadrature<dim>
  gauss_quadrature(const dealii::ReferenceCell &kind, const unsigned int n)
  {
    if (kind.is_simplex() && !kind.is_hyper_cube())
      return dealii::QWitherdenVincentSimplex<dim>(n);
    return dealii::QGauss<dim>(n);
  }

  /// The same for the faces of cells of @p kind, all of which are alike.
  template <int dim>
  dealii::Quadrature<dim - 1>
  gauss_face_quadrature(const dealii::ReferenceCell &kind, const unsigned int n)
  {
    if constexpr (dim == 1)
      return dealii::QGauss<0>(n);
    else
      return gauss_quadrature<dim - 1>(kind.face_reference_cell(0), n);
  }
} // namespace lsr

#endif
