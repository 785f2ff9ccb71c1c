// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/strong_residual.h>

#include <deal.II/base/exceptions.h>

#include <array>
#include <cmath>

namespace lsr
{
  namespace
  {
    /// Inner points, and then boundary points.
    Block
    join(const Block &inner, const Block &boundary)
    {
      const std::size_t n = inner.extent(1), n_all = n + boundary.extent(1);
      const Block       all = make_block(inner.extent(0), n_all);
      Kokkos::deep_copy(columns(all, 0, n), inner);
      Kokkos::deep_copy(columns(all, n, n_all), boundary);
      return all;
    }
  } // namespace



  template <int dim>
  StrongResidual<dim>::StrongResidual(const StrongForm<dim> &form,
                                      const Block           &inner_points,
                                      const Block           &boundary_points,
                                      const Column          &boundary_values,
                                      const double           boundary_weight)
    : Residual(jet_size * inner_points.extent(1) + boundary_points.extent(1),
               inner_points.extent(1) + boundary_points.extent(1))
    , form(&form)
    , inner_points(to_host(inner_points))
    , boundary_values(to_host(boundary_values))
    , inner_scale(std::sqrt(double(n_rows()) / inner_points.extent(1)))
  {
    const std::size_t n          = inner_points.extent(1),
                      n_boundary = boundary_points.extent(1);
    AssertThrow(n > 0,
                dealii::ExcMessage(
                  "The strong form of an equation at no points at all."));
    AssertThrow(boundary_values.size() == n_boundary,
                dealii::ExcDimensionMismatch(boundary_values.size(),
                                             n_boundary));

    jets.points = join(inner_points, boundary_points);
    for (std::size_t i = 0; i < jet_size * n; ++i)
      jets.rows.push_back(i);
    for (std::size_t i = n; i < n_rows(); ++i)
      jets.rows.push_back(jet_size * i);

    mass.coefficients = HostBlock("lsr::mass", jet_size, n);
    mass.boundary     = 0.;
    for (std::size_t i = 0; i < n; ++i)
      mass.coefficients(0, i) = inner_scale;
    tangent.coefficients = HostBlock("lsr::slopes", jet_size, n);
    tangent.boundary =
      boundary_weight * std::sqrt(n_rows() / std::max(1., double(n_boundary)));
  }



  template <int dim>
  double
  StrongResidual<dim>::inner_row(const std::size_t                i,
                                 const double                    *jet,
                                 const dealii::ArrayView<double> &slopes) const
  {
    dealii::Point<dim> x;
    for (unsigned int d = 0; d < dim; ++d)
      x[d] = inner_points(d, i);
    const double f =
      form->evaluate(x, dealii::ArrayView<const double>(jet, jet_size), slopes);
    for (double &slope : slopes)
      slope *= inner_scale;
    return inner_scale * f;
  }



  template <int dim>
  void
  StrongResidual<dim>::evaluate(const Column &q, const Column &f)
  {
    const HostColumn             jet    = to_host(q);
    const auto                   result = Kokkos::create_mirror_view(f);
    const std::size_t            n      = inner_points.extent(1);
    std::array<double, jet_size> unused;
    for (std::size_t i = 0; i < n; ++i)
      result(i) = inner_row(i,
                            &jet(jet_size * i),
                            dealii::ArrayView<double>(unused.data(), jet_size));
    for (std::size_t b = 0; b < boundary_values.size(); ++b)
      result(n + b) =
        tangent.boundary * (jet(jet_size * n + b) - boundary_values(b));
    Kokkos::deep_copy(f, result);
  }



  template <int dim>
  void
  StrongResidual<dim>::linearize(const Column &q)
  {
    const HostColumn jet = to_host(q);
    for (std::size_t i = 0; i < inner_points.extent(1); ++i)
      inner_row(i,
                &jet(jet_size * i),
                dealii::ArrayView<double>(&tangent.coefficients(0, i),
                                          jet_size));
  }



  template <int dim>
  void
  StrongResidual<dim>::Matrix::multiply(const Block &X, const Block &Y) const
  {
    const HostBlock   x = to_host(X);
    const auto        y = Kokkos::create_mirror_view(Y);
    const std::size_t n = coefficients.extent(1);
    for (std::size_t j = 0; j < x.extent(1); ++j)
      {
        for (std::size_t i = 0; i < n; ++i)
          {
            double sum = 0.;
            for (unsigned int k = 0; k < jet_size; ++k)
              sum += coefficients(k, i) * x(jet_size * i + k, j);
            y(i, j) = sum;
          }
        for (std::size_t i = n; i < y.extent(0); ++i)
          y(i, j) = boundary * x(jet_size * n + i - n, j);
      }
    Kokkos::deep_copy(Y, y);
  }



  template <int dim>
  void
  StrongResidual<dim>::Matrix::multiply_transposed(const Block &X,
                                                   const Block &Y) const
  {
    const HostBlock   x = to_host(X);
    const auto        y = Kokkos::create_mirror_view(Y);
    const std::size_t n = coefficients.extent(1);
    for (std::size_t j = 0; j < x.extent(1); ++j)
      {
        for (std::size_t i = 0; i < n; ++i)
          for (unsigned int k = 0; k < jet_size; ++k)
            y(jet_size * i + k, j) = coefficients(k, i) * x(i, j);
        for (std::size_t i = n; i < x.extent(0); ++i)
          y(jet_size * n + i - n, j) = boundary * x(i, j);
      }
    Kokkos::deep_copy(Y, y);
  }



  template <int dim>
  void
  StrongResidual<dim>::apply_mass(const Block &X, const Block &MX)
  {
    mass.multiply(X, MX);
  }



  template <int dim>
  void
  StrongResidual<dim>::apply_transposed_mass(const Block &X, const Block &MTX)
  {
    mass.multiply_transposed(X, MTX);
  }



  template <int dim>
  void
  StrongResidual<dim>::apply_tangent(const Block &X, const Block &AX)
  {
    tangent.multiply(X, AX);
  }



  template <int dim>
  void
  StrongResidual<dim>::apply_transposed_tangent(const Block &X,
                                                const Block &ATX)
  {
    tangent.multiply_transposed(X, ATX);
  }



  template class StrongResidual<1>;
  template class StrongResidual<2>;
  template class StrongResidual<3>;
} // namespace lsr
