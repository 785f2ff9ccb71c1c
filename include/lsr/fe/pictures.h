// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_pictures_h
#define lsr_fe_pictures_h

#include <lsr/fe/raster.h>
#include <lsr/fe/report.h>
#include <lsr/fe/spectrum.h>
#include <lsr/refine/iterative_lsr.h>

#include <deal.II/base/conditional_ostream.h>

#include <string>
#include <vector>

namespace lsr
{
  namespace internal
  {
    class Drawing;
  }

  /**
   * Draws the pictures of a refinement as PNG files into a folder, by means of
   * the program gnuplot.
   *
   * Pictures are a convenience: if gnuplot is not installed, or does not manage
   * to draw, one line on the output stream says so, and the program goes on.
   * Ranks on which the stream is not active do nothing.
   *
   * @code
   * const auto rasters = lsr::sample(fields);
   * lsr::Pictures pictures("results", pcout);
   * pictures.draw_fields(rasters.fields);
   * pictures.draw_errors(rasters.errors);
   * pictures.draw_loss_over_rank(report.profile, report.rank);
   * @endcode
   *
   * Rasters come as rows that share a colour scale, one row for each component
   * of the field. Curves of one row are drawn into one diagram.
   */
  class Pictures
  {
  public:
    Pictures(const std::string                &folder,
             const dealii::ConditionalOStream &messages);

    /// Draw `fields.png`, on a linear colour scale.
    void
    draw_fields(const std::vector<std::vector<Raster>> &rows);

    /// Draw `errors.png`, on a logarithmic colour scale.
    void
    draw_errors(const std::vector<std::vector<Raster>> &rows);

    /**
     * Draw `loss_over_rank.png`: the norm of the residual (the square root of
     * the loss), the condition number and the norm of the coefficients, with a
     * mark at the rank that was chosen.
     */
    void
    draw_loss_over_rank(const RankCurves  &curves,
                        const unsigned int chosen_rank);

    /**
     * Draw `history.png`: errors (where they are known) and norms of the
     * residual of network and refined field over the iterations of
     * IterativeLSR. Each iteration is a step from the network to its
     * refinement, as in Figure 5a of the paper.
     */
    void
    draw_history(const IterationHistory &history);

    /// Draw `error_fields.png`: absolute errors, with a row for the network and
    /// one for the refined field, and a column for each iteration. Each row has
    /// its own logarithmic colour scale.
    void
    draw_error_fields(const std::vector<std::vector<Raster>> &rows);

    /**
     * Draw `error_spectra.png`: the energy of the errors over the wavenumber in
     * the first iterations, and its mean over all iterations. A refinement is a
     * step from the network to the refined field, an alignment one from there
     * to the network of the next iteration.
     */
    void
    draw_error_spectra(const ErrorSpectra &spectra);

    /// The files that were drawn.
    const std::vector<std::string> &
    files() const;

  private:
    /// Let gnuplot make the @p drawing, and put it into the folder as @p name.
    void
    finish(const internal::Drawing &drawing, const std::string &name);

    /// Draw rows of rasters on a linear or logarithmic scale.
    void
    draw_rows(const std::vector<std::vector<Raster>> &rows,
              const bool                              logarithmic,
              const std::string                      &name);

    const std::string                folder;
    const dealii::ConditionalOStream messages;
    bool                             gnuplot_is_missing = false;
    std::vector<std::string>         drawn;
  };
} // namespace lsr

#endif
