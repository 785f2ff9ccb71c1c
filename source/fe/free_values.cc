// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/free_values.h"

#include <lsr/dense/blas.h>

#include <KokkosBlas1_axpby.hpp>

#include <cmath>

#include "base/to_view.h"
#include "dense/by_rows.h"

namespace lsr::internal
{
  Column
  copy(const Column &column)
  {
    const Column result = make_column(column.size());
    Kokkos::deep_copy(result, column);
    return result;
  }



  Column
  difference(const Column &a, const Column &b)
  {
    const Column result = copy(a);
    KokkosBlas::axpy(-1., b, result);
    return result;
  }



  Column
  sum(const Column &a, const Column &b)
  {
    const Column result = copy(a);
    KokkosBlas::axpy(1., b, result);
    return result;
  }



  FreeValues::FreeValues(const ProgramResidual &program,
                         const ValueSpace      &space)
    : program(program)
    , space(space)
    , communicator(program.communicator())
  {
    std::vector<double> roots, inverse_roots;
    for (const double mass : space.mass)
      {
        roots.push_back(mass > 0. ? std::sqrt(mass) : 1.);
        inverse_roots.push_back(1. / roots.back());
      }
    root_mass_         = to_view<Column>(roots);
    inverse_root_mass_ = to_view<Column>(inverse_roots);
  }



  double
  FreeValues::product(const Column &a, const Column &b) const
  {
    return communicator.sum(dot(a, b));
  }



  std::size_t
  FreeValues::n() const
  {
    const Column ones = make_column(space.mass.size());
    Kokkos::deep_copy(ones, 1.);
    program.set_fixed_to_zero(as_block(ones));
    return static_cast<std::size_t>(product(ones, ones) + 0.5);
  }



  Column
  FreeValues::random_signs(std::mt19937 &generator) const
  {
    const HostColumn x("lsr::x", program.n_values());
    for (std::size_t i = 0; i < x.size(); ++i)
      x(i) = generator() % 2 == 0 ? 1. : -1.;
    const Column column = to_memory_space(x);
    program.set_fixed_to_zero(as_block(column));
    return column;
  }



  Column
  FreeValues::of_component(const unsigned int component) const
  {
    const HostColumn entries("lsr::constant", program.n_values());
    for (std::size_t i = 0; i < entries.size(); ++i)
      entries(i) = space.component[i] == component ? 1. : 0.;
    const Column constant = to_memory_space(entries);
    program.set_fixed_to_zero(as_block(constant));
    return constant;
  }



  void
  FreeValues::leave_out(const Column &c, const Column &Mc)
  {
    constants.emplace_back(c, Mc);
  }



  void
  FreeValues::remove_constants(const Column &v) const
  {
    for (const auto &[c, Mc] : constants)
      KokkosBlas::axpy(-product(Mc, v) / product(Mc, c), c, v);
  }



  std::vector<double>
  FreeValues::norms(const Column &values) const
  {
    const Column free = copy(values);
    program.set_fixed_to_zero(as_block(free));
    remove_constants(free);
    const HostColumn    v = to_host(free);
    std::vector<double> squares(space.n_base_elements, 0.);
    for (std::size_t i = 0; i < v.size(); ++i)
      squares[space.base_element[i]] += v(i) * v(i) * space.mass[i];
    for (double &square : squares)
      square = std::sqrt(communicator.sum(square));
    return squares;
  }



  double
  FreeValues::norm(const Column &values) const
  {
    double squares = 0;
    for (const double norm : norms(values))
      squares += norm * norm;
    return std::sqrt(squares);
  }



  double
  FreeValues::dual_norm(const Column &f) const
  {
    return DiagonalInnerProduct(inverse_root_mass_, communicator).norm(f);
  }



  Column
  FreeValues::error_factors(const std::vector<double> &distances) const
  {
    constexpr double boundary_weight = 1e-2;
    const Column     free            = make_column(space.mass.size());
    Kokkos::deep_copy(free, 1.);
    program.set_fixed_to_zero(as_block(free));
    const HostColumn    is_free = to_host(free);
    std::vector<double> factors(space.mass.size());
    for (std::size_t i = 0; i < factors.size(); ++i)
      {
        const double distance =
          distances.empty() ? 1. : distances[space.base_element[i]];
        if (distance > 0.)
          factors[i] = std::sqrt(space.mass[i]) / distance *
                       (is_free(i) == 1. ? 1. : boundary_weight);
      }
    return to_view<Column>(factors);
  }
} // namespace lsr::internal
