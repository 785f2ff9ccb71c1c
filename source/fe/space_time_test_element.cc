// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/space_time_test_element.h"

#include <deal.II/base/polynomial.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/base/tensor_product_polynomials.h>
#include <deal.II/base/utilities.h>
#include <deal.II/fe/fe_tools.h>

namespace lsr
{
  namespace
  {
    using Polynomials = std::vector<dealii::Polynomials::Polynomial<double>>;

    template <int dim>
    dealii::AnisotropicPolynomials<dim>
    test_polynomials(const unsigned int degree)
    {
      std::vector<Polynomials> polynomials(
        dim,
        dealii::Polynomials::generate_complete_Lagrange_basis(
          dealii::QGaussLobatto<1>(degree + 1).get_points()));
      polynomials.back() =
        dealii::Polynomials::generate_complete_Lagrange_basis(
          dealii::QGauss<1>(degree).get_points());
      return dealii::AnisotropicPolynomials<dim>(polynomials);
    }

    /// All functions belong to the interior of the cell.
    template <int dim>
    dealii::FiniteElementData<dim>
    element_data(const unsigned int degree)
    {
      std::vector<unsigned int> dofs_per_object(dim + 1, 0);
      dofs_per_object[dim] =
        dealii::Utilities::pow(degree + 1, dim - 1) * degree;
      return dealii::FiniteElementData<dim>(dofs_per_object,
                                            1,
                                            degree,
                                            dealii::FiniteElementData<dim>::L2);
    }
  } // namespace


  template <int dim>
  SpaceTimeTestElement<dim>::SpaceTimeTestElement(const unsigned int degree)
    : dealii::FE_Poly<dim>(
        test_polynomials<dim>(degree),
        element_data<dim>(degree),
        std::vector<bool>(element_data<dim>(degree).n_dofs_per_cell(), true),
        std::vector<dealii::ComponentMask>(
          element_data<dim>(degree).n_dofs_per_cell(),
          dealii::ComponentMask(1, true)))
    , trial_degree(degree)
  {}


  template <int dim>
  std::string
  SpaceTimeTestElement<dim>::get_name() const
  {
    return "SpaceTimeTestElement<" + std::to_string(dim) + ">(" +
           std::to_string(trial_degree) + ")";
  }


  template <int dim>
  std::unique_ptr<dealii::FiniteElement<dim>>
  SpaceTimeTestElement<dim>::clone() const
  {
    return std::make_unique<SpaceTimeTestElement<dim>>(trial_degree);
  }


  template <int dim>
  std::vector<unsigned int>
  SpaceTimeTestElement<dim>::test_functions_of_nodes() const
  {
    // In lexicographic order time runs last, for nodes and functions alike.
    const std::vector<unsigned int> lexicographic =
      dealii::FETools::hierarchic_to_lexicographic_numbering<dim>(trial_degree);
    const unsigned int n_in_space =
      dealii::Utilities::pow(trial_degree + 1, dim - 1);
    std::vector<unsigned int> result(lexicographic.size(),
                                     dealii::numbers::invalid_unsigned_int);
    for (unsigned int i = 0; i < result.size(); ++i)
      if (lexicographic[i] >= n_in_space)
        result[i] = lexicographic[i] - n_in_space;
    return result;
  }


  template class SpaceTimeTestElement<1>;
  template class SpaceTimeTestElement<2>;
  template class SpaceTimeTestElement<3>;
} // namespace lsr
