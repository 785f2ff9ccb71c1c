// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_space_time_test_element_h
#define lsr_fe_space_time_test_element_h

#include <deal.II/fe/fe_poly.h>

#include <vector>

namespace lsr
{
  /**
   * Test functions for space-time elements: where the solution is continuous
   * and of degree $p$ in all coordinates, the last of which is time, they are
   * the same in space, and discontinuous and of degree $p - 1$ in time. On one
   * layer of cells this is a method for time stepping (the continuous Galerkin
   * method), with $p$ equations for the $p$ new values at each node.
   *
   * In time the functions are the Lagrange polynomials of the $p$ Gauss points,
   * which are orthogonal: the mass matrix of the test functions decouples into
   * one of space alone for each Gauss point.
   *
   * On the space-time mesh of an evolution from values at the lower end
   * functions belong to nodes: function $j$ of a cell in time, $j < p$, to the
   * nodes number $j + 1$ in time. The nodes at the lower end of the cell have
   * their functions in the cell below, or have given values.
   */
  template <int dim>
  class SpaceTimeTestElement : public dealii::FE_Poly<dim>
  {
  public:
    /// Test functions for elements of @p degree $p \geq 1$.
    explicit SpaceTimeTestElement(const unsigned int degree);

    std::string
    get_name() const override;

    std::unique_ptr<dealii::FiniteElement<dim>>
    clone() const override;

    /**
     * For each shape function of FE_Q of this degree the test function that
     * belongs to its node, or numbers::invalid_unsigned_int if it is in the
     * cell below.
     */
    std::vector<unsigned int>
    test_functions_of_nodes() const;

  private:
    const unsigned int trial_degree;
  };
} // namespace lsr

#endif
