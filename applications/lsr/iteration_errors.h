// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_refine_iteration_errors_h
#define lsr_applications_refine_iteration_errors_h

#include <lsr/fe/raster.h>
#include <lsr/fe/spectrum.h>

#include <string>
#include <utility>
#include <vector>

namespace lsr
{
  /**
   * What is drawn of the errors in the course of an iterative refinement: their
   * spectra in all iterations, and the errors themselves in the first ones; of
   * fields with several components those of the first component.
   */
  template <int dim>
  class IterationErrors
  {
  public:
    static constexpr unsigned int n_drawn_iterations = 3;

    /// Errors are those against @p exact, or, where this is a null pointer,
    /// against the finite-element @p solution. The mesh must not change later
    /// on.
    IterationErrors(const dealii::Mapping<dim>    &mapping,
                    const dealii::DoFHandler<dim> &dof_handler,
                    const dealii::Function<dim>   *exact,
                    const FEVector                &solution)
      : sampler(mapping, dof_handler)
      , which(dof_handler.get_fe().n_components() > 1 ? ", component 0" : "")
      , reference(exact != nullptr ? sampler.sample(which, *exact) :
                                     sampler.sample(which, solution))
    {}

    /// Take the next field: in each iteration the network's, then the refined
    /// one. Collective.
    void
    add(const FEVector &field)
    {
      latest.push_back(difference(sampler.sample(which, field), reference));
    }

    /// The fields of an iteration are there.
    void
    finish(const unsigned int iteration)
    {
      if (!latest[0].values.empty())
        keep(iteration);
      latest.clear();
    }

    /// On rank 0; empty on the others.
    ErrorSpectra spectra;

    /// The rows of a picture: networks, and refined fields.
    std::vector<std::vector<Raster>> fields{2};

  private:
    void
    keep(const unsigned int iteration)
    {
      spectra.records.push_back(
        {iteration, compute_spectrum(latest[0]), compute_spectrum(latest[1])});
      if (spectra.records.size() > n_drawn_iterations)
        return;
      for (const unsigned int i : {0, 1})
        {
          latest[i].title = (i == 0 ? "network " : "refined ") +
                            std::to_string(iteration) + latest[i].title;
          fields[i].push_back(absolute(std::move(latest[i])));
        }
    }

    const RasterSampler<dim> sampler;
    const std::string        which;
    const Raster             reference;
    std::vector<Raster>      latest;
  };
} // namespace lsr

#endif
